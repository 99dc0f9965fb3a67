"""Simulated courses of pain for the demo: levels with the noise, gaps and flare-ups of real diaries."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from app.relief import Floats
from app.rules.words import Region, Side

Body = dict[str, Any]  # an entry as a phone sends it; validated before it is kept


@dataclass(frozen=True)
class Course:
    """A patient's course, in pain points and days after the procedure.

    Args:
        before, plateau, after: level before the procedure, in relief, and once it has ended.
        onset: day by which relief is there.
        ends, climb: day on which the climb begins and its length; no end while relief holds.
        logging: share of days that are logged.
        logged_before: days of diary before the procedure.
        silent_from: day from which nothing more is logged.
        again: day from which there is relief again, after it has ended.
        begins: day of the first entry, where the diary begins late.
        mme, mme_late: opioids a day before, and from the end of relief on; None where nothing is said of medication.
        side: which side the scores are about.
    """

    before: float
    plateau: float
    after: float = 0.0
    onset: int = 14
    ends: int | None = None
    climb: int = 40
    logging: float = 0.8
    logged_before: int = 14
    silent_from: int | None = None
    again: int | None = None
    begins: int | None = None
    mme: float | None = None
    mme_late: float | None = None
    side: Side = "both"


def level(course: Course, day: int) -> float:
    """The level without noise on a day after the procedure, points."""
    if day < 0:
        return course.before
    if day < course.onset:
        share = max(0.0, (day - 3) / max(1, course.onset - 3))
        return course.before + 0.6 - (course.before + 0.6 - course.plateau) * min(1.0, share)
    if course.ends is None or day < course.ends:
        return course.plateau
    returned = course.plateau + (course.after - course.plateau) * min(1.0, (day - course.ends) / course.climb)
    if course.again is None or day < course.again:
        return returned
    return returned + (course.plateau - returned) * min(1.0, (day - course.again) / course.onset)


def entries(course: Course, region: Region, *, performed_on: date, until: date, seed: int) -> list[tuple[date, Body]]:
    """A diary from before the procedure to a day; the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    out = []
    noise = 0.0
    for day in range(-course.logged_before, (until - performed_on).days + 1):
        noise = 0.35 * noise + 0.75 * float(rng.normal())
        flare = 2.5 if day > 60 and day % 117 in (0, 1, 2) and (course.ends is None or day < course.ends) else 0.0
        skip = rng.random() > course.logging or (course.begins is not None and day < course.begins)
        pain = min(10.0, max(0.0, level(course, day) + flare + noise))
        fate = rng.random(4)
        if skip or (course.silent_from is not None and day >= course.silent_from):
            continue
        out.append((performed_on + timedelta(days=day), _entry(course, region, day=day, pain=pain, fate=fate)))
    return out


def _entry(course: Course, region: Region, *, day: int, pain: float, fate: Floats) -> Body:
    average = float(round(pain))
    worst = min(10.0, average + 1 + round(2 * fate[0]))
    entry: Body = {"pain": [{"region": region, "side": course.side, "average": average, "worst": worst}]}
    entry["activity"] = {"steps": int(round(6800 - 480 * pain + 900 * fate[1], -1))}
    if course.mme is not None:
        entry["medications"] = _tramadol(course, day)
    if day > 0:
        numb = 2 <= day <= 38
        entry["side_effects"] = (
            [{"kind": "numbness", "severity": 1, "region": region, "side": course.side}] if numb else []
        )
    if fate[2] < 0.06:
        entry["note"] = ("slept badly", "long drive", "walked the dog", "garden")[int(fate[3] * 4)]
    return entry


def _tramadol(course: Course, day: int) -> list[Body]:
    usual = course.mme or 0.0
    if course.mme_late is not None and course.ends is not None and day > course.ends:
        share = min(1.0, (day - course.ends) / 20)
        usual = usual * 0.4 + share * course.mme_late
    elif day > course.onset:
        usual *= 0.4
    times = round(usual / 10)  # 50 mg of tramadol are 10 MME
    return [{"code": "10689", "dose": 50, "unit": "mg", "times": times}] if times else []
