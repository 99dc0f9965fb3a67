"""How the house is built, in figures: wings, rooms, which uses which, and how long files and functions are.

python -m tests.benchmarks.house

An arrow is a pair of rooms of which one imports the other; it points up where the wing of the other stands higher in the
list of wings (`pyproject.toml`). A room is a folder or a file right in a wing.
"""

import ast
import re
import tomllib
from pathlib import Path
from statistics import quantiles

import grimp

ROOT = Path(__file__).parents[2]


def wings() -> list[str]:
    """The wings, the highest first, as the contract of imports has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(list(one["layers"]) for one in contracts if one["containers"] == ["app"])


def room_of(module: str) -> str | None:
    """Wing and room of a module; None for what stands in none."""
    parts = module.split(".")
    return ".".join(parts[1:3]) if len(parts) > 2 else None


def arrows() -> set[tuple[str, str]]:
    """Which room imports from which other."""
    graph = grimp.build_graph("app")
    pairs = {
        (room_of(module), room_of(other))
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
    }
    return {(one, other) for one, other in pairs if one and other and one != other}


def lengths() -> tuple[list[int], list[int]]:
    """Lines of each file of the application, and of each function."""
    texts = [file.read_text() for file in sorted((ROOT / "app").rglob("*.py"))]
    functions = [
        (node.end_lineno or 0) - node.lineno + 1
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [len(text.splitlines()) for text in texts], functions


def spread(of: list[int]) -> str:
    """Median, 90th percentile and largest."""
    tenths = quantiles(of, n=10)
    return f"{tenths[4]:.0f} / {tenths[8]:.0f} / {max(of)}"


def main() -> None:
    order = {wing: place for place, wing in enumerate(wings())}
    found = arrows()
    across = {(a, b) for a, b in found if a.split(".")[0] != b.split(".")[0]}
    up = {(a, b) for a, b in across if order[a.split(".")[0]] > order[b.split(".")[0]]}
    rooms = {room for pair in found for room in pair}
    files, functions = lengths()
    told = [line for file in (ROOT / "app").rglob("*.py") for line in file.read_text().splitlines()]
    anys = sum(len(re.findall(r"\bAny\b", line)) for line in told if not line.startswith("from typing"))
    rows = (
        ("wings", len(order)),
        ("rooms", len(rooms)),
        ("arrows between wings", len({(a.split(".")[0], b.split(".")[0]) for a, b in across})),
        ("arrows between rooms, of them across wings", f"{len(found)}, {len(across)}"),
        ("arrows that point up", len(up)),
        ("files, functions", f"{len(files)}, {len(functions)}"),
        ("lines of a file: median / 90th / largest", spread(files)),
        ("lines of a function: median / 90th / largest", spread(functions)),
        ("Any", anys),
    )
    for name, value in rows:
        print(f"{name:<46} {value}")
    for one, other in sorted(up):
        print(f"up: {one} -> {other}")


if __name__ == "__main__":
    main()
