"""Converts stored entries to the columns that the engine reads."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from app.record.diary.content import ActivityContent, EntryContent
from app.record.diary.service import DayEntry
from app.relief import BOTH, LEFT, RIGHT, Diary
from app.rules.words import Laterality, Region

SIDES = {"left": LEFT, "right": RIGHT, "both": BOTH}
NOTHING = float("nan")


def to_diary(
    entries: Iterable[DayEntry],
    region: Region,
    *,
    laterality: Laterality,
    time_zone: str,
    apart_from: date | None = None,
) -> Diary:
    """The diary of one region from current entries in the order of their days.

    A site's score is the day's average, or the pain "now" where no average was given. Pain in another region, or on the
    other side of a one-sided procedure, is kept apart as pain elsewhere. From the day `apart_from` on, on which both sides
    have been treated apart, a score for both together is of neither.
    """
    zone = ZoneInfo(time_zone)
    rows = list(entries)
    average, worst = np.full((len(rows), 3), NOTHING), np.full((len(rows), 3), NOTHING)
    elsewhere = np.full(len(rows), NOTHING)
    other_side = {"left": "right", "right": "left"}.get(laterality)
    for i, row in enumerate(rows):
        untold = apart_from is not None and row.date >= apart_from
        for pain in row.content.get("pain") or ():
            if untold and pain["region"] == region and pain["side"] == "both":
                continue
            score = pain.get("average", pain.get("now"))
            if pain["region"] == region:
                average[i, SIDES[pain["side"]]] = NOTHING if score is None else score
                worst[i, SIDES[pain["side"]]] = pain.get("worst", NOTHING)
            if score is not None and (pain["region"] != region or pain["side"] == other_side):
                elsewhere[i] = np.fmax(elsewhere[i], score)
    day = np.array([row.date.toordinal() for row in rows], dtype=np.int64)
    known = np.array([_written_on(row.recorded_at, zone) for row in rows], dtype=np.int64)
    return Diary(
        day,
        np.maximum(day, known),
        average,
        worst,
        np.array([NOTHING if row.opioid_mme is None else row.opioid_mme for row in rows], dtype=np.float64),
        np.array([_steps(row.content) for row in rows], dtype=np.float64),
        elsewhere,
    )


def first_day(performed_on: date, margin: int) -> date:
    """The first day whose entry can matter to a procedure: `margin` days before it."""
    return date.fromordinal(max(1, performed_on.toordinal() - margin))


def _written_on(recorded_at: datetime, zone: ZoneInfo) -> int:
    return recorded_at.astimezone(zone).date().toordinal()


def _steps(content: EntryContent) -> float:
    activity: ActivityContent = content.get("activity") or {}
    steps = activity.get("steps")
    return NOTHING if steps is None else float(steps)
