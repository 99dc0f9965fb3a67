"""The engine and its rivals on the day-to-day pattern of real people, laid on courses with a known return.

    python -m tests.benchmarks.real FOLDER [DIARIES]

FOLDER holds one CSV file a person, with the columns `day` (a whole number, rising) and `pain_average` (0 to 10, may be
empty). Each must span more than SHORTEST days. The residual about a 41-day median, gaps and all, is scaled to an SD
between 0.7 and 1.5 and laid on a course of `tests/benchmarks/diaries.py`. So the pattern is of real people, the course
is not: the figures say how the engine bears moods, runs of one score, bad spells and gaps, and nothing of real returns.
Uses all cores.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.benchmarks.detection import HEADING, METHODS, figures_of, row
from tests.benchmarks.diaries import BEFORE, START, AssembledVerdict, course_of, truth_of
from tests.benchmarks.mixes import TYPICAL

Floats = npt.NDArray[np.float64]
HALF_WINDOW = 20
LEAST_LOGGED = 0.35  # of a stretch's days
SHORTEST, LONGEST = 200, 500  # days followed


@cache
def residual(path: Path) -> Floats:
    """A person's scores about their median of 41 days, shape (days,); NaN where none was logged."""
    with path.open(newline="") as file:
        rows = [(int(r["day"]), float(r["pain_average"])) for r in csv.DictReader(file) if r["pain_average"]]
    score = np.full(rows[-1][0] + 1, np.nan)
    for day, value in rows:
        score[day] = value
    out = np.full(len(score), np.nan)
    for day in np.flatnonzero(np.isfinite(score)).tolist():
        out[day] = score[day] - np.nanmedian(score[max(0, day - HALF_WINDOW) : day + HALF_WINDOW + 1])
    return out


def made(path: Path, seed: int) -> AssembledVerdict:
    """One diary in a person's pattern; the same file and seed give the same one."""
    rng = np.random.default_rng([seed, 77])
    pattern, last = _stretch(residual(path), rng)
    baseline = float(rng.uniform(*TYPICAL.baseline))
    level, responder = course_of(rng, replace(TYPICAL, flares=(0.0, 0.0)), baseline, last=last)
    onset, returned = truth_of(level, baseline) if responder else (None, None)
    pain = np.concatenate([np.full(BEFORE, baseline), level])
    step = 0.5 if rng.random() < 0.5 else 1.0
    score = np.round(np.clip(pain + pattern / np.nanstd(pattern) * rng.uniform(0.7, 1.5), 0, 10) / step) * step
    logged = np.isfinite(pattern)
    entries = [
        {"date": (START + timedelta(days=int(i) - BEFORE)).isoformat(), "pain_average": float(score[i])}
        for i in np.flatnonzero(logged)
    ]
    line: dict[str, object] = {
        "id": f"{path.stem}-{seed}",
        "procedure": {"performed_on": START.isoformat(), "region": "lumbar", "laterality": "bilateral"},
        "baseline_pain": float(round(baseline)),
        "entries": entries,
    }
    return AssembledVerdict(line, responder, onset, returned, last, logged[BEFORE:], level)


def _stretch(whole: Floats, rng: np.random.Generator) -> tuple[Floats, int]:
    """A stretch of a series with enough days logged, also before the procedure, and the days followed."""
    for _ in range(1000):
        last = int(rng.integers(SHORTEST, min(LONGEST, len(whole) - BEFORE - 2)))
        start = int(rng.integers(0, len(whole) - last - BEFORE - 1))
        part = whole[start : start + last + BEFORE + 1]
        logged = np.isfinite(part)
        if logged.mean() > LEAST_LOGGED and logged[:BEFORE].sum() >= 3 and np.nanstd(part) > 0:
            return part, last
    raise ValueError("too few days are logged in this series")


def series_in(folder: Path) -> list[Path]:
    """The files of a folder that are long enough; without one the program ends."""
    paths = [p for p in sorted(folder.glob("*.csv")) if len(residual(p)) > SHORTEST + BEFORE + 2]
    if not paths:
        raise SystemExit(f"{folder}: no CSV file with `day` and `pain_average` over {SHORTEST + BEFORE} days")
    return paths


def _line(task: tuple[Path, str, int]) -> str:
    path, label, count = task
    return row(path.stem, label, figures_of([made(path, seed) for seed in range(count)], METHODS[label]))


def main(folder: Path, count: int) -> None:
    """Prints the table, a person and a method a line."""
    paths = series_in(folder)
    print(f"{count} diaries a row: the pattern of real people on courses that are made\n")
    print(HEADING)
    with ProcessPoolExecutor() as pool:
        for text in pool.map(_line, [(path, label, count) for path in paths for label in METHODS]):
            print(text, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
