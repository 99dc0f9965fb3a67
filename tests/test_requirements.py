"""The pinned requirements are whole: pip, in hash mode, takes an extra only where the pinned line names it."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent


def pinned(file: str) -> dict[str, set[str]]:
    """The extras of each pinned line of a file, by name."""
    lines = re.findall(r"^([\w.\[\],-]+)==\S+ \\$", (ROOT / file).read_text(), re.MULTILINE)
    return {canonicalize_name(line.name): line.extras for line in map(Requirement, lines)}


@pytest.mark.parametrize(
    ("file", "known"),
    [("requirements.txt", {"uvicorn": {"standard"}}), ("requirements-test.txt", {"coverage": {"toml"}})],
)
def test_an_extra_that_somebody_asks_for_stands_on_the_pinned_line(file: str, known: dict[str, set[str]]) -> None:
    """What is installed says which extras it asks for; where a newer version is out, pip refuses a pin without them."""
    lines = pinned(file)
    asked: dict[str, set[str]] = {}
    for installed in distributions():
        if canonicalize_name(installed.name) not in {"reprieve", *lines}:
            continue
        for requirement in map(Requirement, installed.requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                asked.setdefault(canonicalize_name(requirement.name), set()).update(requirement.extras)
    wanting = {name: extras - lines[name] for name, extras in asked.items() if name in lines}
    assert {name: extras for name, extras in wanting.items() if extras} == {}
    assert {name: asked[name] for name in known} == known
