"""A generator of diaries with a known course: every quantity is drawn from a range, several families of curve and noise.

It shares no code and no parameter with the engine. Ranges follow what is published on how people log: day-to-day SD
about 0.85 with a wide spread, lag-1 correlation 0.15 to 0.6, flare-ups of 1 to 20 days, logging that falls with time.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
START = date(2024, 1, 1)


@dataclass(frozen=True)
class Mix:
    """Ranges from which one population of diaries is drawn."""

    name: str = "typical"
    sd: tuple[float, float] = (0.85, 0.35)  # median and log-SD
    correlation: tuple[float, float] = (0.15, 0.6)
    flares: float = 3.0
    flare_days: tuple[float, float] = (1.0, 10.0)
    logging: tuple[float, float] = (0.40, 0.95)
    gaps: float = 1.0  # long gaps a year
    never: float = 0.30
    relief_median: float = 270.0
    partial: float = 0.25
    ramp: tuple[float, float] = (2.0, 160.0)
    drift: float = 0.0
    masked: float = 0.0
    coarse: float = 0.15
    diary_before: float = 0.6
    clinic_error: float = 0.7
    weekday: float = 0.3


TYPICAL = Mix()
MIXES = (
    TYPICAL,
    replace(TYPICAL, name="noisy", sd=(1.5, 0.15), correlation=(0.3, 0.7), flares=5.0),
    replace(TYPICAL, name="sparse", logging=(0.30, 0.55), gaps=3.0),
    replace(TYPICAL, name="flare-ups", flares=9.0, flare_days=(3.0, 18.0)),
    replace(TYPICAL, name="masked", masked=1.0),
    replace(TYPICAL, name="coarse", coarse=1.0),
    replace(TYPICAL, name="partial returns", partial=0.8),
    replace(TYPICAL, name="short relief", relief_median=110.0),
    replace(TYPICAL, name="drifting", drift=1.2),
    replace(TYPICAL, name="no diary before", diary_before=0.0, clinic_error=1.0),
)


@dataclass(frozen=True)
class Made:
    """One diary in the form that `reprieve trace` reads, and what truly happened; days count from the procedure."""

    line: dict[str, object]
    responder: bool
    onset: int | None
    returned: int | None
    last: int
    logged: npt.NDArray[np.bool_]


def make(mix: Mix, seed: int) -> Made:
    """One diary; the same mix and seed give the same one."""
    rng = np.random.default_rng([seed, *mix.name.encode()])
    last = int(rng.integers(200, 720))
    baseline = float(rng.uniform(4.5, 9.0))
    level, responder = _course(rng, mix, baseline, last)
    onset, returned = _truth(level, baseline) if responder else (None, None)
    days = np.arange(-14, last + 1)
    pain = np.concatenate([np.full(15, baseline), level[1:]])
    mme, hidden = _medicine(rng, mix, days, pain, baseline)
    score = pain - hidden + _noise(rng, mix, days)
    score = score + _flares(rng, mix, days)
    score = _answer(rng, mix, np.clip(score, 0, 10))
    logged = _logged(rng, mix, days, pain / baseline)
    diary_before = rng.random() < mix.diary_before
    if not diary_before:
        logged[days < 0] = False
    clinic = round(float(np.clip(baseline + rng.normal(0, mix.clinic_error), 1, 10)))
    entries = []
    for i in np.flatnonzero(logged):
        at = START + timedelta(days=int(days[i]))
        late = int(rng.integers(1, 6)) if rng.random() < 0.12 else 0
        entries.append(
            {
                "date": at.isoformat(),
                "recorded_on": (at + timedelta(days=late)).isoformat(),
                "pain_average": float(score[i]),
                "pain_worst": float(min(10, np.ceil(score[i] + 1.5))),
                "opioid_mme": None if mme is None else float(mme[i]),
                "steps": None,
            }
        )
    line: dict[str, object] = {
        "id": f"{mix.name}-{seed}",
        "procedure": {"performed_on": START.isoformat(), "region": "lumbar", "laterality": "bilateral"},
        "baseline_pain": float(clinic),
        "entries": entries,
    }
    return Made(line, responder, onset, returned, last, logged[14:])


def _course(rng: np.random.Generator, mix: Mix, baseline: float, last: int) -> tuple[Floats, bool]:
    day = np.arange(last + 1, dtype=float)
    responder = rng.random() >= mix.never
    plateau = baseline * (rng.uniform(0.02, 0.44) if responder else rng.uniform(0.56, 1.1))
    fall_at, fall_in = rng.uniform(3, 25), rng.uniform(2, 14)
    fall = 1 / (1 + np.exp(-(day - fall_at) / (fall_in / 4)))
    level = baseline * rng.uniform(0.95, 1.25) * (1 - fall) + plateau * fall
    if mix.drift and responder:
        walk = np.cumsum(rng.normal(0, mix.drift / 20, last + 1))
        level = level + np.clip(walk, -1.0, min(1.0, baseline * 0.45 - plateau)) * fall
    if responder:
        ends = rng.lognormal(np.log(mix.relief_median), 0.55)
        top = baseline * (rng.uniform(0.58, 0.8) if rng.random() < mix.partial else rng.uniform(0.85, 1.1))
        width = np.exp(rng.uniform(*np.log(mix.ramp)))
        share = (day - max(ends - width / 2, fall_at + 25)) / width
        rise = _rise(int(rng.integers(3)), np.clip(share, 0, 1))
        level = level + (top - level) * rise
    return np.clip(level, 0, 10), bool(responder)


def _rise(shape: int, share: Floats) -> Floats:
    """Straight, S-shaped, or fast at first."""
    if shape == 0:
        return share
    return np.asarray(share**2 * (3 - 2 * share) if shape == 1 else 1 - (1 - share) ** 2)


def _truth(level: Floats, baseline: float) -> tuple[int | None, int | None]:
    below = level < 0.5 * baseline
    if not below.any():
        return None, None
    onset = int(np.flatnonzero(below)[0])
    final = int(np.flatnonzero(below)[-1]) + 1
    return onset, (final if final < len(level) else None)


def _noise(rng: np.random.Generator, mix: Mix, days: npt.NDArray[np.int64]) -> Floats:
    sd = np.clip(rng.lognormal(np.log(mix.sd[0]), mix.sd[1]), 0.3, 2.2)
    rho = rng.uniform(*mix.correlation)
    heavy = rng.random() < 0.5
    shock = rng.standard_t(4, len(days)) / np.sqrt(2) if heavy else rng.normal(size=len(days))
    noise = np.empty(len(days))
    noise[0] = shock[0]
    for i in range(1, len(days)):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * shock[i]
    return np.asarray(sd * noise + mix.weekday * rng.normal() * np.isin(days % 7, (5, 6)))


def _flares(rng: np.random.Generator, mix: Mix, days: npt.NDArray[np.int64]) -> Floats:
    out = np.zeros(len(days))
    for _ in range(rng.poisson(mix.flares * len(days) / 365)):
        at, width = int(rng.integers(len(days))), int(rng.uniform(*mix.flare_days)) + 1
        if rng.random() < 0.08:
            width = int(rng.uniform(10, 20))
        out[at : at + width] = np.maximum(out[at : at + width], rng.uniform(1.0, 5.0))
    return out


def _medicine(
    rng: np.random.Generator, mix: Mix, days: npt.NDArray[np.int64], pain: Floats, baseline: float
) -> tuple[Floats | None, Floats]:
    hidden = np.zeros(len(days))
    if rng.random() > max(0.4, mix.masked):
        return None, hidden
    usual = rng.uniform(10, 45)
    share = np.clip(pain / baseline, 0.25, 1)
    dose = usual * share if rng.random() < 0.7 else np.full(len(days), usual * 0.5)
    if rng.random() < mix.masked:
        extra = rng.uniform(15, 45)
        climb = np.clip((pain / baseline - 0.4) / 0.3, 0, 1) * (days > 40)
        dose = dose + extra * climb
        hidden = rng.uniform(0.02, 0.05) * extra * climb
    return np.maximum(0, np.rint((dose + rng.normal(0, 3, len(days))) / 5) * 5), hidden


def _answer(rng: np.random.Generator, mix: Mix, score: Floats) -> Floats:
    if rng.random() < mix.coarse:
        used = (np.arange(0, 11, 2.0), np.array([0, 3, 5, 7, 10.0]), np.arange(0, 10.5, 0.5))[rng.integers(3)]
        return np.asarray(used[np.abs(score[:, None] - used[None, :]).argmin(axis=1)])
    return np.asarray(np.rint(score))


def _logged(rng: np.random.Generator, mix: Mix, days: npt.NDArray[np.int64], share: Floats) -> npt.NDArray[np.bool_]:
    top, low = mix.logging[1], mix.logging[0]
    start, end = rng.uniform((top + low) / 2, top), rng.uniform(low, (top + low) / 2)
    rate = end + (start - end) * np.exp(-np.maximum(days, 0) / rng.uniform(60, 200))
    rate = rate * (1 + rng.normal(0, 0.25) * (share - 0.5))
    out = rng.random(len(days)) < np.clip(rate, 0.05, 0.98)
    for _ in range(rng.poisson(mix.gaps * len(days) / 365)):
        at = int(rng.integers(len(days)))
        out[at : at + int(rng.uniform(7, 28))] = False
    return np.asarray(out)
