"""Habits of the code that the tools do not check."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
APP = sorted((ROOT / "app").rglob("*.py"))
CODE = [*APP, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "migrations").rglob("*.py"))]
MOST_POSITIONAL = 3
LONGEST = 60  # lines of a function
MOST_ANY = 120


def functions(file: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a file, and where it stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", node


def is_called_by_name(where: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a library calls it with names: a route, a command, or a call of every kind of fact."""
    known = ("router", "pages", "app", "api")
    decorated = {ast.unparse(d).split(".")[0].split("(")[0] for d in node.decorator_list}
    return bool(decorated.intersection(known)) or where.startswith("app/record/facts/routes.py")


def test_from_the_third_on_parameters_have_names() -> None:
    """A function with more than three parameters takes those from the third on by name only."""
    found = []
    for file in APP:
        for where, node in functions(file):
            given = [a.arg for a in node.args.posonlyargs + node.args.args if a.arg not in ("self", "cls")]
            if len(given) > MOST_POSITIONAL and not is_called_by_name(where, node):
                found.append(where)
    assert found == []


def test_a_function_fits_a_screen() -> None:
    long = {where: n for file in APP for where, f in functions(file) if (n := (f.end_lineno or 0) - f.lineno) > LONGEST}
    assert long == {}


def test_each_any_has_a_reason() -> None:
    """On its line or the one before it; and they stay few."""
    count, bare = 0, []
    for file in APP:
        for before, line in pairwise(["", *file.read_text().splitlines()]):
            found = 0 if line.startswith("from typing") else len(re.findall(r"\bAny\b", line))
            count += found
            if found and "#" not in line and "#" not in before:
                bare.append(f"{file.relative_to(ROOT)}: {line.strip()}")
    assert bare == []
    assert count < MOST_ANY


def test_the_formatter_formats_everything() -> None:
    marks = ("fmt: " + "skip", "fmt: " + "off")
    assert [str(f) for f in CODE if any(mark in f.read_text() for mark in marks)] == []


def test_no_two_types_have_one_name() -> None:
    """Classes and aliases of types; a private one is its module's own."""
    defined: dict[str, list[str]] = {}
    for file in APP:
        for node in ast.parse(file.read_text()).body:
            for name in names_of_types(node):
                defined.setdefault(name, []).append(str(file.relative_to(ROOT)))
    assert {name: where for name, where in defined.items() if len(where) > 1 and not name.startswith("_")} == {}


def names_of_types(node: ast.stmt) -> Iterator[str]:
    """The name that a statement gives to a type."""
    if isinstance(node, ast.ClassDef):
        yield node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if re.fullmatch(r"[A-Z][a-z]\w*", name) and not isinstance(node.value, ast.Constant):
            yield name


def test_the_modules_that_a_script_in_a_string_imports_are_there() -> None:
    """Scripts for other processes stand in strings, where no tool looks."""
    named = {
        found
        for file in CODE
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for found in re.findall(r"^\s*(?:from|import) (app(?:\.\w+)+)", node.value, re.MULTILINE)
    }
    assert len(named) > 4
    assert [name for name in sorted(named) if not is_module(name)] == []


def is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def test_no_test_writes_into_what_all_share() -> None:
    """A template is made once for all processes of a run: fixtures copy it, and a test gets the copy."""
    found = []
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for where, node in functions(file):
            if node.name.startswith("test_") and any(a.arg.endswith("_template") for a in node.args.args):
                found.append(where)
    assert found == []
