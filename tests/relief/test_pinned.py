"""No number of a verdict changes by mistake; see `tests/relief/pinned.py`."""

import json

import pytest

from app.relief import DEFINITIONS
from tests.relief.pinned import FILE, cases, numbers_of

PINNED: dict[str, dict[str, object]] = json.loads(FILE.read_text())
ROUNDED = "(by a last place)"  # where two machines may round a number otherwise
LAST_PLACE, MOST_ROUNDED = 0.0101, 2
CASES = {name: (diary, own) for name, diary, own in cases()}


def differing(pinned: object, now: object, where: str = "") -> list[str]:
    """The places at which two differ; numbers by more than what two machines agree on."""
    if isinstance(pinned, dict) and isinstance(now, dict):
        keys = sorted(pinned.keys() | now.keys())
        return [at for key in keys for at in differing(pinned.get(key), now.get(key), f"{where}/{key}")]
    if isinstance(pinned, list) and isinstance(now, list) and len(pinned) == len(now):
        both = zip(pinned, now, strict=True)
        return [at for n, (one, other) in enumerate(both) for at in differing(one, other, f"{where}/{n}")]
    if isinstance(pinned, float | int) and isinstance(now, float | int):
        said = f"{where}: {pinned} is now {now}"
        near = f" {ROUNDED}" if abs(now - pinned) <= LAST_PLACE else ""
        return [] if now == pytest.approx(pinned, rel=1e-6, abs=1e-9) else [said + near]
    return [] if pinned == now else [f"{where}: {pinned} is now {now}"]


@pytest.mark.parametrize("name", PINNED)
def test_no_number_changes_by_mistake(name: str) -> None:
    course, definition = name.rsplit(", ", 1)
    now = numbers_of(*CASES[course], next(one for one in DEFINITIONS if one == definition))
    places = differing(PINNED[name], json.loads(json.dumps(now)))
    rounded = [at for at in places if ROUNDED in at]
    assert [at for at in places if ROUNDED not in at] == []
    assert len(rounded) <= MOST_ROUNDED, rounded


def test_a_change_is_noticed() -> None:
    pinned = PINNED["returned, half"]
    changed = json.loads(json.dumps(pinned))
    changed["trace"]["level"][3] += 0.001
    assert [at.split(":")[0] for at in differing(pinned, changed)] == ["/trace/level/3"]
