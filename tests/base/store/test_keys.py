"""The file of keys: changed by one at a time, never half, and never without what it needs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.base.settings import SettingError
from app.base.store.keys import MARK, CellError, KeyRing
from tests.base.store.test_sealed import mode_of
from tests.commands import reprieve


def test_a_cell_that_can_not_be_read_or_kept_is_an_error_that_names_the_place(tmp_path: Path) -> None:
    ring = KeyRing()
    assert ring.seal("x", "a.b|1") == "x" == ring.open("x", "a.b|1")
    with pytest.raises(ValueError, match="in clear"):
        ring.seal(f"{MARK}x", "a.b|1")
    with pytest.raises(CellError, match=r"a\.b: kept under the key 01020304"):
        ring.open(f"{MARK}01020304AAAA", "a.b|1")
    ring = KeyRing(tmp_path / "ring.keys")
    ring.make()
    sealed = ring.seal("x", "a.b|1")
    assert sealed != ring.seal("x", "a.b|1"), "equal texts are not seen to be equal"
    for other in ("a.b|2", "a.c|1"):
        with pytest.raises(CellError, match="another row"):
            ring.open(sealed, other)
    with pytest.raises(CellError, match="another row"):
        ring.open(sealed[:-4] + "AAAA", "a.b|1")


def test_changes_at_once_lose_no_key(tmp_path: Path) -> None:
    path = tmp_path / "ring.keys"
    KeyRing(path).make()
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda number: KeyRing(path).add(first=bool(number % 2)), range(24)))
    ring = KeyRing(path)
    ring.load()
    assert set(added) < set(ring.ids) and len(ring.ids) == 25
    assert mode_of(path) == 0o600


@pytest.mark.parametrize("left", ["", "# keys\n", "aabbccdd AA"])
def test_a_file_that_is_being_written_makes_nobody_write_in_clear(tmp_path: Path, left: str) -> None:
    ring = KeyRing(tmp_path / "ring.keys")
    ring.make()
    sealed, whole = ring.seal("x", "a.b|1"), (tmp_path / "ring.keys").read_text()
    (tmp_path / "ring.keys").write_text(left)
    ring._looked = -1.0
    assert ring.seal("y", "a.b|1").startswith(MARK) and ring.open(sealed, "a.b|1") == "x"
    with pytest.raises(SettingError):
        KeyRing(tmp_path / "ring.keys").load()
    (tmp_path / "ring.keys").write_text(whole)
    ring._looked = -1.0
    assert ring.open(sealed, "a.b|1") == "x"


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    KeyRing(tmp_path / "real.keys").make()
    (tmp_path / "link.keys").symlink_to(tmp_path / "real.keys")
    ring = KeyRing(tmp_path / "link.keys")
    name = ring.add(first=True)
    assert (tmp_path / "link.keys").is_symlink() and name in (tmp_path / "real.keys").read_text()


def test_a_new_file_is_refused_where_another_is_needed(tmp_path: Path, migrated_sqlite: Path) -> None:
    url, mine = f"sqlite:///{migrated_sqlite}", str(tmp_path / "mine.keys")
    assert reprieve("keys", "add", url=url, REPRIEVE_KEY_FILE=mine).returncode == 0
    assert reprieve("keys", "list", url=url, REPRIEVE_KEY_FILE=mine).returncode == 0
    other = reprieve("keys", "add", url=url, REPRIEVE_KEY_FILE=str(tmp_path / "other.keys"))
    assert (other.returncode, "find the file" in other.stderr) == (2, True)
    assert not (tmp_path / "other.keys").exists()
