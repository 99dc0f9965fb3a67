"""`reprieve rehearse`: what this version would change, a run that goes on, and what is refused."""

import fcntl
import json
import re
import signal
import sqlite3
import stat
import time
from pathlib import Path
from uuid import UUID

import pytest

from app.base.store.keys import KeyRing
from tests.commands import reprieve, serving


def database(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"))


def spoken(text: str) -> str:
    """The words of a table without its lines."""
    return re.sub(r"[\s┃│┏┓┡┩┗┛└┘━─┳┴┬╇]+", " ", text)


def test_the_version_that_made_the_verdicts_changes_none(judged: str, tmp_path: Path) -> None:
    before = Path(judged.removeprefix("sqlite:///")).read_bytes()
    ran = reprieve("rehearse", str(tmp_path / "made"), "--jobs", "1", url=judged)
    assert ran.returncode == 0, ran.stderr
    told = re.findall(r"^clinic (\S+), definition half: (\d+) as they are$", ran.stdout, re.MULTILINE)
    with database(judged) as connection:
        many = dict(connection.execute("SELECT clinic_id, count(*) FROM outcome GROUP BY 1").fetchall())
    assert {UUID(clinic): int(count) for clinic, count in told} == {UUID(one): count for one, count in many.items()}
    assert ran.stdout.count("\n") == len(many) == 2
    assert ran.stderr.strip() == f"{sum(many.values())} verdicts made beside the kept ones"
    assert Path(judged.removeprefix("sqlite:///")).read_bytes() == before, "the database is as it was"
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600, "it tells of patients"


def test_what_changes_is_counted_by_what_it_is_and_by_how_much(judged: str, tmp_path: Path) -> None:
    with database(judged) as connection:
        clinic = UUID(
            connection.execute("SELECT clinic_id FROM outcome GROUP BY 1 ORDER BY count(*) DESC").fetchone()[0]
        )
        connection.execute("UPDATE outcome SET engine = 'relief/2 9'")
        days = "returned_on = date(returned_on, '-3 days'), relief_days = relief_days + 5"
        moved = connection.execute(
            f"UPDATE outcome SET {days} WHERE phase = 'returned' AND relief_days IS NOT NULL AND clinic_id = ?",
            [clinic.hex],
        ).rowcount
        connection.execute("UPDATE kept_verdict SET says = 'otherwise' WHERE clinic_id = ?", [clinic.hex])
    ran = reprieve("rehearse", str(tmp_path / "made"), "--clinic", str(clinic), url=judged)
    assert moved > 1 and ran.returncode == 0, ran.stderr
    says = spoken(ran.stdout)
    assert f"returned_on {moved} later {moved}, earlier 0, by 3 days in the middle, 3 at most" in says
    assert f"relief_days {moved} up 0, down {moved}, by 5 in the middle, 5 at most" in says
    assert re.search(r"says (\d+) a sentence to another: \1 ", says)
    assert ran.stdout.count("clinic ") == 1


def test_a_run_that_was_stopped_goes_on_where_it_ends(judged: str, tmp_path: Path) -> None:
    whole, half = tmp_path / "whole", tmp_path / "half"
    told = reprieve("rehearse", str(whole), url=judged).stdout
    lines = whole.read_bytes().splitlines(keepends=True)
    for left in (b"", lines[0][:9], lines[0], b"".join(lines[:8]) + lines[8][:30], b"".join(lines[:-1])):
        half.write_bytes(left)
        ran = reprieve("rehearse", str(half), url=judged)
        missing = len(lines) - max(1, left.count(b"\n"))
        assert (ran.returncode, ran.stdout) == (0, told), ran.stderr
        assert ran.stderr.strip() == f"{missing} verdicts made beside the kept ones"
        assert stat.S_IMODE(half.stat().st_mode) == 0o600, "whoever made it"
        assert half.read_bytes() == whole.read_bytes()


def test_what_can_not_be_rehearsed_is_said(judged: str, tmp_path: Path) -> None:
    made, other = tmp_path / "made", tmp_path / "other"
    assert reprieve("rehearse", str(made), url=judged).returncode == 0
    clinic = json.loads(made.read_text().splitlines()[1])["clinic"]
    made.write_bytes(made.read_bytes().replace(b"relief/", b"belief/", 1))
    other.write_text("the clinic's only copy of something")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    differs = "it is of another version, of other clinics, or no rehearsal; name another file"
    for words, says in (
        ([str(made)], f"{made}: {differs}"),
        ([str(other)], f"{other}: {differs}"),
        ([str(tmp_path / "fresh"), "--clinic", "1"], "--clinic: '1' is no id"),
        ([str(tmp_path / "fresh"), "--clinic", str(UUID(int=1))], f"--clinic: there is no clinic {UUID(int=1)}"),
        ([str(tmp_path)], f"{tmp_path}: it is no file of its own"),
        ([str(link)], f"{link}: it is no file of its own"),
        ([str(tmp_path / "none" / "there")], f"{tmp_path / 'none' / 'there'}: No such file or directory"),
    ):
        ran = reprieve("rehearse", *words, url=judged)
        assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"reprieve: {says}\n")
    assert other.read_text() == "the clinic's only copy of something"
    assert not (tmp_path / "fresh").exists()
    assert not (tmp_path / "elsewhere").exists()
    whole = tmp_path / "whole"
    assert reprieve("rehearse", str(whole), "--clinic", clinic, "--clinic", clinic, url=judged).returncode == 0
    with whole.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert reprieve("rehearse", str(whole), "--clinic", clinic, url=judged).stderr.endswith(
            "another run writes it\n"
        )
    assert reprieve("rehearse", str(whole), url=judged).stderr.endswith(f"{differs}\n"), "of all, not of one"


def test_where_nothing_is_kept_yet_that_is_said(demo_db: Path, tmp_path: Path) -> None:
    ran = reprieve("rehearse", str(tmp_path / "made"), url=f"sqlite:///{demo_db}")
    assert (ran.returncode, ran.stdout) == (0, "no verdict is kept yet\n"), ran.stderr


@pytest.mark.parametrize("option", ["--jobs=0", "--rest=-1"])
def test_options_have_their_bounds(judged: str, tmp_path: Path, option: str) -> None:
    assert reprieve("rehearse", str(tmp_path / "made"), option, url=judged).returncode == 2


def test_what_an_interrupt_leaves_is_gone_on_with(judged: str, tmp_path: Path) -> None:
    made = tmp_path / "made"
    with serving("rehearse", str(made), "--rest", "60", "--jobs", "1", url=judged) as going:
        ends = time.monotonic() + 60
        while not made.exists() or made.read_bytes().count(b"\n") < 2:
            assert time.monotonic() < ends
            time.sleep(0.05)
        going.send_signal(signal.SIGINT)
        assert going.wait(60) == 130
        assert going.communicate() == ("", "\nstopped; the same call goes on where it was\n")
    again = reprieve("rehearse", str(made), url=judged)
    assert again.returncode == 0 and "as they are" in again.stdout
    many = made.read_bytes().count(b"\n") - 1
    says = f"nothing was left to look at: {made} tells of all {many}; name another file to look anew\n"
    assert again.stderr == says


def test_nothing_is_noted_in_the_database_not_even_a_key(judged: str, tmp_path: Path) -> None:
    file = Path(judged.removeprefix("sqlite:///"))
    before, keys = file.read_bytes(), tmp_path / "keys"
    other = KeyRing(keys)
    other.make()
    keys.write_bytes(keys.read_bytes().rstrip() + b"\n" + Path(f"{file}.keys").read_bytes())
    ran = reprieve("rehearse", str(tmp_path / "made"), url=judged, REPRIEVE_KEY_FILE=str(keys))
    assert ran.returncode == 0, ran.stderr
    assert file.read_bytes() == before


def test_a_database_that_this_version_would_migrate_is_left_as_it_is(judged: str, tmp_path: Path) -> None:
    with database(judged) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0027'")
    ran = reprieve("rehearse", str(tmp_path / "made"), url=judged)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "rehearse on a restored copy, migrated by this version" in ran.stderr
    assert "run `reprieve migrate`" not in ran.stderr and not (tmp_path / "made").exists()


def test_a_file_of_another_database_or_with_a_damaged_line_is_not_told(
    judged: str, demo_db: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    assert reprieve("rehearse", str(made), url=judged).returncode == 0
    with sqlite3.connect(demo_db) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE clinic SET id = lower(hex(randomblob(16)))")
    ran = reprieve("rehearse", str(made), url=f"sqlite:///{demo_db}")
    assert ran.returncode == 2 and "of other clinics" in ran.stderr
    lines = made.read_bytes().splitlines(keepends=True)
    made.write_bytes(b"".join([*lines[:2], b"{...\n", *lines[3:]]))
    ran = reprieve("rehearse", str(made), url=judged)
    assert (ran.returncode, ran.stdout, ran.stderr.splitlines()[-1]) == (
        2,
        "",
        f"reprieve: {made}: a line of it is damaged; name another file",
    )
