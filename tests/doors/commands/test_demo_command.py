"""The demo's command: what it does before, beside and after the clinic that it makes."""

import io
import json
import socket
from pathlib import Path

import pytest
from rich.console import Console

from app.base.settings import SettingError, sqlite_url
from app.doors.commands import demo
from app.doors.commands.demo import FILE, KEPT, MARK
from app.doors.demo.people import PEOPLE, DemoPatient
from app.doors.server import check_port

QUIET = Console(file=io.StringIO())


@pytest.fixture(autouse=True)
def one_patient(monkeypatch: pytest.MonkeyPatch) -> DemoPatient:
    """A clinic of one patient, so that it is made in a second."""
    someone = PEOPLE[2]
    monkeypatch.setattr("app.doors.demo.build.PEOPLE", [someone])
    monkeypatch.setattr("app.doors.demo.build.SECOND_PEOPLE", [])
    return someone


def accounts(folder: Path) -> list[str]:
    return [one.username for one in demo._accounts(folder, sqlite_url(folder / FILE), QUIET)]


def test_an_interrupted_build_begins_again_and_a_finished_one_is_kept(tmp_path: Path) -> None:
    (tmp_path / MARK).touch()
    (tmp_path / FILE).write_bytes(b"half of a database")
    made = accounts(tmp_path)
    assert made[:3] == ["clinician", "scheduler", "admin"]
    assert not (tmp_path / MARK).exists()
    passwords = [one["password"] for one in json.loads((tmp_path / KEPT).read_text())]
    assert accounts(tmp_path) == made
    assert [one["password"] for one in json.loads((tmp_path / KEPT).read_text())] == passwords
    assert oct((tmp_path / KEPT).stat().st_mode)[-3:] == "600"


def test_a_database_that_no_demo_has_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"somebody's")
    with pytest.raises(SettingError, match="no demo has made it"):
        accounts(tmp_path)
    assert (tmp_path / FILE).read_bytes() == b"somebody's"


def test_an_empty_database_is_filled_and_one_with_a_clinic_is_not(empty_url: str) -> None:
    made = demo._filled(empty_url, QUIET)
    assert [one.role for one in made][:3] == ["clinician", "scheduler", "admin"]
    with pytest.raises(SettingError, match="holds a clinic already"):
        demo._filled(empty_url, QUIET)


def test_a_port_that_is_taken_is_told_before_anything_is_made() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingError, match="can't listen on"):
            check_port("127.0.0.1", taken.getsockname()[1])
    check_port("127.0.0.1", 0)


def test_a_temporary_folder_goes_at_the_end_and_a_named_one_stays(tmp_path: Path) -> None:
    with demo._folder(None) as folder:
        (folder / FILE).touch()
    assert not folder.exists()
    with demo._folder(tmp_path / "kept") as folder:
        folder.mkdir()
    assert folder.exists()
