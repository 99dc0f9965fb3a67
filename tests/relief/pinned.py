"""Verdicts of a few dozen diaries, number by number, as the engine gives them.

They say nothing of what is right, which other tests do. They notice each change of a number, so that none is made by
mistake. After one that is meant, `python -m tests.relief.pinned` writes them anew; the difference is read before it is kept.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from app.relief import (
    DEFINITIONS,
    LEFT,
    RIGHT,
    Definition,
    Diary,
    DurationPrior,
    EarlierRelief,
    Procedure,
    judge,
    trace,
)
from tests.relief.courses import RELIEF, Course, Level, Writer, flare, returning, through
from tests.relief.support import DAY0, NOTHING

FILE = Path(__file__).with_name("pinned.json")
DIGITS = 7  # of each number: what two machines agree on
EVERY = 17  # days of a series that are kept
PRIOR = DurationPrior(150, 0.6, 40)
LEVELS: dict[str, tuple[Level, int, Writer, Procedure]] = {
    "relief": (RELIEF, 200, Writer(), Procedure(DAY0)),
    "returned": (returning(180), 260, Writer(), Procedure(DAY0, laterality="left")),
    "returned long ago": (returning(120), 330, Writer(clinic=6), Procedure(DAY0, baseline_pain=6)),
    "half way back": (returning(150, to=3.6), 260, Writer(), Procedure(DAY0)),
    "never": (through((0, 7), (60, 6.5)), 150, Writer(), Procedure(DAY0)),
    "worse": (through((0, 5), (20, 8.5)), 120, Writer(baseline=5), Procedure(DAY0)),
    "early only": (through((0, 1.5), (12, 1.5), (16, 7)), 120, Writer(), Procedure(DAY0)),
    "late onset": (through((0, 6), (90, 6), (100, 1.5)), 200, Writer(), Procedure(DAY0, settles=56)),
    "again": (through((0, 7), (15, 1.5), (150, 1.5), (160, 7), (260, 7), (270, 1.5)), 380, Writer(), Procedure(DAY0)),
    "flare-up": (flare(RELIEF, start=100, days=20, pain=7), 180, Writer(), Procedure(DAY0)),
    "at the line": (through((0, 7), (15, 3.4)), 180, Writer(), Procedure(DAY0)),
    "all zeros": (through((0, 7), (1, 0)), 120, Writer(), Procedure(DAY0)),
    "rising dose": (
        through((0, 7), (15, 2), (150, 2), (200, 4)),
        260,
        Writer(mme=lambda d: 20.0 if d < 160 else 60.0),
        Procedure(DAY0),
    ),
    "sparse": (returning(180), 300, Writer(share=0.3), Procedure(DAY0)),
    "written late": (returning(120), 200, Writer(written=lambda d: d % 5), Procedure(DAY0)),
    "joined late": (returning(180), 280, Writer(clinic=7, only=lambda d, s: d > 70), Procedure(DAY0, baseline_pain=7)),
    "even numbers": (returning(160), 240, Writer(answers=(0.0, 2.0, 4.0, 6.0, 8.0, 10.0)), Procedure(DAY0)),
    "worst only": (returning(150), 220, Writer(worst_only=True), Procedure(DAY0)),
    "treated before": (
        RELIEF,
        200,
        Writer(),
        Procedure(DAY0, earlier=(EarlierRelief(210, False), EarlierRelief(90, True))),
    ),
    "a silence": (returning(220), 280, Writer(only=lambda d, s: not 90 < d < 150), Procedure(DAY0)),
    "watched until": (RELIEF, 200, Writer(), Procedure(DAY0, watched_until=DAY0 + timedelta(days=140))),
    "in stages": (RELIEF, 120, Writer(), Procedure(DAY0, baseline_pain=6.5, treated_from=DAY0 - timedelta(days=40))),
    "blocked before": (
        RELIEF,
        120,
        Writer(),
        Procedure(
            DAY0,
            baseline_not=frozenset({DAY0 - timedelta(days=3), DAY0 - timedelta(days=2)}),
            baseline_from=DAY0 - timedelta(days=9),
        ),
    ),
}


def cases() -> Iterator[tuple[str, Diary, Procedure]]:
    """Each course with its diary; the last has a score for each side, of which one returns."""
    for number, (name, (level, last, writer, own)) in enumerate(LEVELS.items()):
        yield name, Course(level, last, writer).diaries()[number % 8], own
    left, right = (Course(level, 240).diaries()[2] for level in (returning(150), RELIEF))
    size = min(len(left.day), len(right.day))
    average = np.full((size, 3), NOTHING)
    average[:, LEFT], average[:, RIGHT] = left.average[:size, 2], right.average[:size, 2]
    yield "sides apart", replace(left.take(np.arange(size)), average=average), Procedure(DAY0)


def numbers_of(diary: Diary, own: Procedure, definition: Definition) -> dict[str, object]:
    """A verdict of half of the time, of its end and with a prior, and the trace some days apart; plain and rounded."""
    last = int(diary.known_on.max()) - DAY0.toordinal()
    days = (last // 2, last)
    out: dict[str, object] = {
        f"day {n}": _plain(asdict(judge(diary, own, as_of=DAY0 + timedelta(days=n), definition=definition)))
        for n in days
    }
    end = DAY0 + timedelta(days=last)
    out["prior"] = _plain(asdict(judge(diary, own, as_of=end, definition=definition, prior=PRIOR))["forecast"])
    out["trace"] = _plain(asdict(trace(diary, own, definition).days))
    return out


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        some = value[::EVERY] if len(value) > EVERY else value
        return [_plain(one) for one in some]
    if isinstance(value, float):
        return None if value != value else float(f"{value:.{DIGITS}g}")
    return value.isoformat() if isinstance(value, date) else value


def made() -> dict[str, dict[str, object]]:
    """All of them, by course and definition."""
    return {
        f"{name}, {definition}": numbers_of(diary, own, definition)
        for name, diary, own in cases()
        for definition in DEFINITIONS
        if definition == "half" or name in ("returned", "half way back", "again", "at the line")
    }


if __name__ == "__main__":
    FILE.write_text(
        json.dumps(made(), indent=None, separators=(",", ":"), sort_keys=True).replace('},"', '},\n"') + "\n"
    )
