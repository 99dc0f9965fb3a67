"""The demo's clinics as a file, judged or not."""

import shutil
from pathlib import Path

import pytest

from tests.commands import reprieve
from tests.shared import made_once


@pytest.fixture
def demo_db(tmp_path: Path, demo_template: Path) -> Path:
    return Path(shutil.copy(demo_template, tmp_path / "demo.db"))


@pytest.fixture(scope="session")
def judged_template(tmp_path_factory: pytest.TempPathFactory, demo_template: Path) -> Path:
    """A folder with the demo's clinics, their verdicts and the key that the file is under; to be copied."""

    def make(folder: Path) -> None:
        folder.mkdir()
        shutil.copy(demo_template, folder / "judged.db")
        assert reprieve("sweep", "--jobs", "1", url=f"sqlite:///{folder / 'judged.db'}").returncode == 0

    return made_once(tmp_path_factory, "judged", make)


@pytest.fixture
def judged(tmp_path: Path, judged_template: Path) -> str:
    """The URL of the demo's clinics with their verdicts."""
    return f"sqlite:///{shutil.copytree(judged_template, tmp_path / 'judged') / 'judged.db'}"
