"""Clients that generators make from the API's document. `make clients` fetches the generators; without them it skips."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.shared import made_once
from tests.support import one_app

HERE = Path(__file__).parent
TOOLS = HERE.parent.parent / ".clients"
PYTHON_TOOLS, NODE_TOOLS = TOOLS / "venv" / "bin", TOOLS / "node_modules" / ".bin"
NAME = "made_client"  # of the package that is made


def run(tool: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """What a generator says; skips where it was not fetched."""
    if not tool.exists():
        pytest.skip("`make clients` fetches the generators")
    environment = {"PATH": f"{PYTHON_TOOLS}:/usr/bin:/bin", "HOME": str(cwd)}
    command = [str(tool), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(one_app().openapi()))
    return path


@dataclass(frozen=True)
class MadeClient:
    """A package that was made, and what its generator said."""

    folder: Path
    code: int
    said: str

    def module(self, path: str) -> ModuleType:
        """One of its modules."""
        return importlib.import_module(f"{NAME}.{path}")

    def model(self, name: str, body: dict[str, Any]) -> Any:
        """A body as a model of the package."""
        return getattr(self.module("models"), name).from_dict(body)


@pytest.fixture(scope="session")
def python_client(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeClient]:
    """The package that `openapi-python-client` makes."""

    def make(where: Path) -> None:
        where.mkdir()
        options = ("--meta", "none", "--output-path", where / NAME, "--config", HERE / "generator.json")
        told = ("--path", document, *options, "--fail-on-warning")
        said = run(PYTHON_TOOLS / "openapi-python-client", "generate", *told, cwd=document.parent)
        (where / "said.json").write_text(json.dumps([said.returncode, said.stdout + said.stderr]))

    folder = made_once(tmp_path_factory, "python-client", make)
    code, said = json.loads((folder / "said.json").read_text())
    sys.path.insert(0, str(folder))
    yield MadeClient(folder / NAME, code, said)
    sys.path.remove(str(folder))
