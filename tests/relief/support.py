"""Small diaries for tests of the engine."""

from datetime import date, timedelta

import numpy as np

from app.relief import BOTH, Diary

DAY0 = date(2025, 1, 10)
NOTHING = float("nan")


def diary(
    scores: dict[int, float],
    late: dict[int, int] | None = None,
    mme: dict[int, float] | None = None,
    column: int = BOTH,
) -> Diary:
    """Scores by day after DAY0; `late` delays a day's writing by so many days."""
    late, mme = late or {}, mme or {}
    rows = sorted(scores, key=lambda d: d + late.get(d, 0))
    average = np.full((len(rows), 3), NOTHING)
    average[:, column] = [scores[d] for d in rows]
    zero = DAY0.toordinal()
    return Diary(
        np.array([zero + d for d in rows], dtype=np.int64),
        np.array([zero + d + late.get(d, 0) for d in rows], dtype=np.int64),
        average,
        np.full((len(rows), 3), NOTHING),
        np.array([mme.get(d, NOTHING) for d in rows]),
        np.full(len(rows), NOTHING),
        np.full(len(rows), NOTHING),
    )


def course(
    before: float,
    plateau: float,
    ends: int | None,
    after: float,
    last: int,
    seed: int = 0,
    logging: float = 0.8,
    noise: float = 0.8,
) -> dict[int, float]:
    """Noisy scores of a course that falls on day 10 and returns within two weeks of day `ends`."""
    rng = np.random.default_rng(seed)
    out = {}
    for d in range(-14, last + 1):
        level = before if d < 10 else plateau
        if ends is not None and d >= ends:
            level = plateau + (after - plateau) * min(1.0, (d - ends) / 14)
        score = float(np.clip(np.rint(level + noise * rng.normal()), 0, 10))
        if rng.random() < logging:
            out[d] = score
    return out


def day(n: int) -> date:
    return DAY0 + timedelta(days=n)
