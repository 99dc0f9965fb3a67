"""Where a file can be made wrong, and how: one operator, one limit, one condition or one constant at a time."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Site:
    """A fault: the `place`-th node of a file, and what becomes of it."""

    path: Path
    line: int
    place: int
    what: str


def sites(path: Path) -> Iterator[Site]:
    """Every fault that can be put into a file, leaving out annotations, docstrings and what runs on import only."""
    tree = ast.parse(path.read_text())
    inside = _inside_functions(tree)
    for place, node in enumerate(ast.walk(tree)):
        what = _change(deepcopy(node)) if id(node) in inside else None
        if what is not None:
            yield Site(path, node.lineno, place, what[0])  # type: ignore[attr-defined]  # each of these has a line


def mutated(site: Site) -> ast.Module:
    """The file with its fault."""
    tree = ast.parse(site.path.read_text())
    for place, node in enumerate(ast.walk(tree)):
        if place == site.place:
            changed = _change(node)
            assert changed is not None
            if changed[1] is not node:
                _Put(node, changed[1]).visit(tree)
                ast.fix_missing_locations(tree)
            break
    return tree


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Puts the new node in place of the old one."""
        if node is self._old:
            return ast.copy_location(self._new, node)
        return self.generic_visit(node)


def _inside_functions(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in function.body:
                if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                    found.update(id(node) for node in ast.walk(statement))
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            found.difference_update(id(part) for part in ast.walk(node.annotation))
    return found


def _change(node: ast.AST) -> tuple[str, ast.AST] | None:
    """What is done to a node, in words, and the node that stands there then; None where nothing is."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        old, new = type(node.ops[0]), COMPARED[type(node.ops[0])]
        node.ops[0] = new()
        return f"{old.__name__} -> {new.__name__}", node
    if isinstance(node, ast.BinOp) and type(node.op) in RECKONED:
        was, becomes = type(node.op), RECKONED[type(node.op)]
        if isinstance(node.left, ast.JoinedStr) or isinstance(node.right, ast.JoinedStr):
            return None
        node.op = becomes()
        return f"{was.__name__} -> {becomes.__name__}", node
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return f"-> {type(node.op).__name__}", node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return "not left out", node.operand
    if isinstance(node, ast.Constant):
        return _other_constant(node)
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        node.value = ast.copy_location(ast.Constant(None), node.value)
        return "returns None", node
    return None


def _other_constant(node: ast.Constant) -> tuple[str, ast.AST] | None:
    if isinstance(node.value, bool):
        node.value = not node.value
        return f"-> {node.value}", node
    if isinstance(node.value, int | float):
        node.value += 1
        return f"-> {node.value}", node
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
