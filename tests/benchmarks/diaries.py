"""Diaries with a known course, for the figures of the engine: every quantity is drawn from a range (see `mixes`).

It shares no code and no parameter with the engine. Ranges follow what is published on how people log: day-to-day SD 0.8
to 1.5 and lag-1 correlation 0.2 to 0.6 (Pagé 2022), two to six flare-ups a year of days, now and then longer (Costa
2019), a climb over months more often than a jump, logging that falls with time.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from tests.benchmarks.mixes import Mix

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
START = date(2024, 1, 1)
BEFORE = 14
SEEN_FROM = 14  # days of diary before a return without which nobody has seen it
SAME_SHARE = 0.56  # of days at the usual score, and ...
DEPARTURE_KEEPS = 0.57  # ... the chance that a day is as the one before, in daily pain of real people


@dataclass(frozen=True)
class AssembledVerdict:
    """One diary in the form that `reprieve trace` reads, and what truly happened; days count from the procedure.

    `level` is the true one by day from the procedure, points, flare-ups and moods left out.
    """

    line: dict[str, object]
    responder: bool
    onset: int | None
    returned: int | None
    last: int
    logged: npt.NDArray[np.bool_]
    level: Floats


def make(mix: Mix, seed: int) -> AssembledVerdict:
    """One diary; the same mix and seed give the same one."""
    rng = np.random.default_rng([seed, *mix.name.encode()])
    last = int(rng.integers(*mix.days))
    baseline = float(rng.uniform(*mix.baseline))
    level, responder = course_of(rng, mix, baseline, last=last)
    onset, returned = truth_of(level, baseline) if responder else (None, None)
    if returned is not None and mix.recovers and rng.random() < mix.recovers:
        level = _recovered(rng, mix, level, onset or 0, returned=returned)
    days = np.arange(-BEFORE, last + 1)
    pain = np.concatenate([np.full(BEFORE, baseline), level])
    mme, hidden = _medicine(rng, mix, days, pain / baseline)
    noise = _noise(rng, mix, days, pain / baseline)
    score = _answer(rng, mix, np.clip(pain - hidden + noise + _flares(rng, mix, len(days)), 0, 10))
    logged = _logged(rng, mix, days, pain / baseline, noise)
    if rng.random() >= mix.diary_before:
        logged[days < 0] = False
    else:
        logged[days < -int(rng.integers(4, BEFORE + 1))] = False
    if mix.joins is not None:
        joins = int(rng.integers(*mix.joins))
        logged[days < joins] = False
        if returned is not None and returned <= joins + SEEN_FROM:  # nobody saw it: who calls it guesses
            responder, onset, returned = False, None, None
    line: dict[str, object] = {
        "id": f"{mix.name}-{seed}",
        "procedure": {"performed_on": START.isoformat(), "region": "lumbar", "laterality": "bilateral"},
        "baseline_pain": float(round(float(np.clip(baseline + rng.normal(0, mix.clinic_error), 1, 10)))),
        "entries": _entries(rng, mix, days[logged], score[logged], None if mme is None else mme[logged]),
    }
    return AssembledVerdict(line, responder, onset, returned, last, logged[BEFORE:], level)


def _entries(rng: np.random.Generator, mix: Mix, days: Days, score: Floats, mme: Floats | None) -> list[object]:
    entries: list[object] = []
    for i, day in enumerate(days.tolist()):
        at = START + timedelta(days=day)
        late = int(rng.integers(1, 6)) if rng.random() < mix.late else 0
        worst = float(min(10, np.ceil(score[i] + rng.uniform(0.5, 2.5))))
        entry = {
            "date": at.isoformat(),
            "recorded_on": (at + timedelta(days=late)).isoformat(),
            "pain_average": float(score[i]),
            "pain_worst": worst,
            "opioid_mme": None if mme is None else float(mme[i]),
            "steps": None,
        }
        entries.append(entry)
        if rng.random() < mix.corrected:
            other = float(np.clip(score[i] + rng.integers(-3, 4), 0, 10))
            corrected = {"pain_average": other, "pain_worst": max(worst, other)}
            entries.append(entry | {"recorded_on": (at + timedelta(days=late + 1)).isoformat(), **corrected})
    return entries


def _recovered(rng: np.random.Generator, mix: Mix, level: Floats, onset: int, *, returned: int) -> Floats:
    """The level where pain that has come back goes again, within days, to what it was in relief."""
    day = np.arange(len(level), dtype=float)
    gone = 1 / (1 + np.exp(-(day - returned - rng.uniform(*mix.recovers_after)) / 2))
    return np.asarray(level * (1 - gone) + float(np.median(level[onset:returned])) * gone)


def course_of(rng: np.random.Generator, mix: Mix, baseline: float, *, last: int) -> tuple[Floats, bool]:
    """Level by day from the procedure, points, and whether the person responds."""
    day = np.arange(last + 1, dtype=float)
    responder = rng.random() >= mix.never
    plateau = baseline * (rng.uniform(*mix.plateau) if responder else rng.uniform(0.55, 1.1))
    fall_at, fall_in = rng.uniform(*mix.falls_on), rng.uniform(2, 16)
    fall = 1 / (1 + np.exp(-(day - fall_at) / (fall_in / 4)))
    level = baseline * rng.uniform(0.95, 1.3) * (1 - fall) + plateau * fall
    walk = np.cumsum(rng.normal(0, mix.drift / np.sqrt(180), last + 1))
    room = baseline * 0.47 - plateau if responder else 9.0
    level = level + np.clip(walk, -plateau, max(room, 0)) * fall
    if not responder and mix.early and rng.random() < mix.early:
        level[: int(rng.integers(4, 15))] *= rng.uniform(0.1, 0.35)
    if responder:
        ends = rng.lognormal(np.log(mix.relief_days), 0.55)
        part = rng.random() < mix.partial
        top = baseline * (rng.uniform(*mix.partial_top) if part else rng.uniform(0.85, 1.1))
        low, high = mix.ramp
        width = np.exp(rng.uniform(np.log(low), np.log(high))) if rng.random() < 0.5 else rng.uniform(low, high)
        share = (day - max(ends - width / 2, fall_at + 25)) / width
        level = level + (top - level) * rise(mix.curves[rng.integers(len(mix.curves))], np.clip(share, 0, 1))
    return np.clip(level, 0, 10), bool(responder)


def rise(curve: str, share: Floats) -> Floats:
    """The way up: what part of the climb is done after each share (0 to 1) of its time."""
    if curve == "s":
        return np.asarray(share**2 * (3 - 2 * share))
    if curve == "fast first":
        return np.asarray(1 - (1 - share) ** 2)
    if curve == "slow first":
        return np.asarray(share**2)
    if curve == "stairs":
        return np.floor(share * 3) / 3
    if curve == "setback":  # up, half way back, up for good
        return np.interp(share, [0, 0.35, 0.5, 0.65, 1], [0, 0.75, 0.35, 0.35, 1])
    return share


def truth_of(level: Floats, baseline: float) -> tuple[int | None, int | None]:
    """First day under half of baseline, and the day from which the level is at or over it for good."""
    below = np.flatnonzero(level < 0.5 * baseline)
    if not len(below):
        return None, None
    final = int(below[-1]) + 1
    return int(below[0]), (final if final < len(level) else None)


def _noise(rng: np.random.Generator, mix: Mix, days: Days, share: Floats) -> Floats:
    n = len(days)
    family = mix.noise[rng.integers(len(mix.noise))]
    sd = np.clip(rng.lognormal(np.log(mix.sd[0]), mix.sd[1]), 0.4, 2.0)
    shock = rng.normal(size=n)
    if family == "patterned":
        return np.asarray(sd * _patterned(rng, n))
    if family == "student":
        shock = rng.standard_t(4, n) / np.sqrt(2)
    elif family == "laplace":
        shock = rng.laplace(0, 1 / np.sqrt(2), n)
    noise = sd * _correlated(shock, rng.uniform(*mix.correlation))
    if family == "by level":
        noise *= 0.5 + np.clip(share, 0, 1.2)
    elif family == "two spells":
        noise *= np.where(np.sin(days / rng.uniform(10, 25) + rng.uniform(0, 6)) > 0, 1.4, 0.6)
    noise += mix.weekday * rng.normal() * np.isin(days % 7, (5, 6))
    return np.asarray(noise + mix.mood * _correlated(rng.normal(size=n), float(np.exp(-1 / 21))))


def _patterned(rng: np.random.Generator, n: int) -> Floats:
    """Runs of one score, broken by departures that keep their height for some days; unit variance."""
    new = np.where(rng.random(n) < SAME_SHARE, 0.0, rng.laplace(0, 1, n))
    keeps = rng.random(n) < DEPARTURE_KEEPS
    keeps[0] = False
    return np.asarray(new[np.maximum.accumulate(np.where(keeps, 0, np.arange(n)))] / np.sqrt(2 * (1 - SAME_SHARE)))


def _correlated(shock: Floats, rho: float) -> Floats:
    """First-order autoregression of unit variance."""
    out = np.empty(len(shock))
    out[0] = shock[0]
    for i in range(1, len(shock)):
        out[i] = rho * out[i - 1] + np.sqrt(1 - rho**2) * shock[i]
    return out


def _flares(rng: np.random.Generator, mix: Mix, n: int) -> Floats:
    out = np.zeros(n)
    for _ in range(rng.poisson(rng.uniform(*mix.flares) * n / 365)):
        low, high = (11, 18) if rng.random() < mix.flare_long else mix.flare_days
        at, width = int(rng.integers(n)), int(rng.integers(low, high + 1))
        t = (np.arange(width) + 0.5) / width
        shape = (np.ones(width), np.minimum(1, 1.6 - 1.3 * t), np.minimum(1, 3 * np.minimum(t, 1 - t)))[rng.integers(3)]
        part = out[at : at + width]
        np.maximum(part, rng.uniform(*mix.flare_rise) * shape[: len(part)], out=part)
    return out


def _medicine(rng: np.random.Generator, mix: Mix, days: Days, share: Floats) -> tuple[Floats | None, Floats]:
    hidden = np.zeros(len(days))
    if rng.random() > max(0.4, mix.masked):
        return None, hidden
    usual = rng.uniform(10, 45)
    dose = usual * np.clip(share, 0.25, 1) if rng.random() < 0.7 else np.full(len(days), usual * 0.5)
    if rng.random() < mix.masked:
        extra = rng.uniform(15, 45)
        climb = np.clip((share - 0.4) / 0.3, 0, 1) * (days > 40)
        dose = dose + extra * climb
        hidden = rng.uniform(0.02, 0.05) * extra * climb
    return np.maximum(0, np.rint((dose + rng.normal(0, 3, len(days))) / 5) * 5), hidden


def _answer(rng: np.random.Generator, mix: Mix, score: Floats) -> Floats:
    used = (np.arange(11.0), np.arange(0, 10.5, 0.5), np.arange(0, 11, 2.0), np.array([0, 3, 5, 7, 10.0]))
    mine = used[rng.choice(4, p=mix.habits)]
    return np.asarray(mine[np.abs(score[:, None] - mine[None, :]).argmin(axis=1)])


def _logged(rng: np.random.Generator, mix: Mix, days: Days, share: Floats, noise: Floats) -> npt.NDArray[np.bool_]:
    low, high = mix.logging
    start, end = rng.uniform((high + low) / 2, high), rng.uniform(low, (high + low) / 2)
    rate = end + (start - end) * np.exp(-np.maximum(days, 0) / rng.uniform(60, 200))
    rate = rate * (1 + rng.uniform(*mix.more_when_well) * (share - 0.5) * 2)
    rate = rate * (1 + rng.uniform(*mix.skips_bad_days) * noise)
    out = rng.random(len(days)) < np.clip(rate, 0.05, 0.98)
    for _ in range(rng.poisson(mix.gaps * len(days) / 365)):
        at = int(rng.integers(len(days)))
        out[at : at + int(rng.uniform(7, 28))] = False
    return np.asarray(out)
