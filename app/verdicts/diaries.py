"""From entries as they are kept to the columns that the engine reads."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Row

from app.relief import BOTH, LEFT, RIGHT, Diary, Procedure

SIDES = {"left": LEFT, "right": RIGHT, "both": BOTH}
NOTHING = float("nan")


def to_diary(entries: Iterable[Row[Any]], region: str, laterality: str, time_zone: str) -> Diary:
    """The diary of one region from current entries in the order of their days.

    A site's score is the day's average, or the pain "now" where no average was given. Pain in another region, or on the
    other side of a one-sided procedure, is kept apart as pain elsewhere.
    """
    zone = ZoneInfo(time_zone)
    rows = list(entries)
    average, worst = np.full((len(rows), 3), NOTHING), np.full((len(rows), 3), NOTHING)
    elsewhere = np.full(len(rows), NOTHING)
    other_side = {"left": "right", "right": "left"}.get(laterality)
    for i, row in enumerate(rows):
        for pain in row.content.get("pain") or ():
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


def to_procedure(own: Row[Any], all_of_patient: list[Row[Any]]) -> Procedure:
    """The procedure as the engine sees it: a later one at the same site, a repeat, ends its watch on the day before."""
    later = [
        p.performed_on
        for p in all_of_patient
        if p.region == own.region and p.performed_on > own.performed_on and _same_site(own.laterality, p.laterality)
    ]
    return Procedure(
        performed_on=own.performed_on,
        laterality=own.laterality,
        baseline_pain=own.baseline_pain,
        watched_until=min(later) - timedelta(days=1) if later else None,
    )


def first_day(own: Row[Any], margin: int) -> date:
    """The first day whose entry can matter to a procedure."""
    return date.fromordinal(max(1, own.performed_on.toordinal() - margin))


def _same_site(one: str, other: str) -> bool:
    return one == other or "bilateral" in (one, other)


def _written_on(recorded_at: datetime, zone: ZoneInfo) -> int:
    return recorded_at.astimezone(zone).date().toordinal()


def _steps(content: dict[str, Any]) -> float:
    steps = (content.get("activity") or {}).get("steps")
    return NOTHING if steps is None else float(steps)
