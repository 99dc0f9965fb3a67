"""Time and memory of one verdict, from a short diary to one of ten years, from the start and after one new entry.

    OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.verdict

CPU milliseconds (one thread, as the command sets it), the median of fifteen runs, beside the plain seven-day mean of the
same diary; `one more` is the verdict after an entry for the last day, going on from what the verdict of the day before
kept; and the peak of memory taken.
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from functools import partial

import numpy as np

from app.relief import EngineState, Procedure, judge
from tests.relief.support import DAY0, course, day, diary

RUNS = 15


def spent(work: Callable[[], object]) -> float:
    """CPU milliseconds of one run, the median of several."""
    times = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        times.append(1000 * (time.process_time() - begun))
    return statistics.median(times)


def peak(work: Callable[[], object]) -> float:
    """Megabytes taken at most."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return most


def seven_day_means(scores: dict[int, float], last: int) -> list[float]:
    values = np.array([scores.get(d, np.nan) for d in range(1, last + 1)])
    return [
        float(np.nanmean(w)) if not np.isnan(w := values[max(0, i - 6) : i + 1]).all() else np.nan for i in range(last)
    ]


def one_more(scores: dict[int, float], last: int) -> float:
    """CPU milliseconds of the verdict after one new entry."""
    before, kept = {d: s for d, s in scores.items() if d < last}, EngineState()
    judge(diary(before), Procedure(DAY0), as_of=day(last - 1), kept=kept)
    whole, times = diary(before | {last: 3.0}), []
    for _ in range(RUNS):
        copied = deepcopy(kept)
        begun = time.process_time()
        judge(whole, Procedure(DAY0), as_of=day(last), kept=copied)
        times.append(1000 * (time.process_time() - begun))
    return statistics.median(times)


def main() -> None:
    print(
        f"{'days':>6s}{'entries':>9s}{'verdict ms':>12s}{'one more ms':>13s}{'7-day mean ms':>15s}{'MB at most':>12s}"
    )
    for last in (60, 400, 1200, 3650):
        scores = course(7, 2, round(last * 0.8), 7, last)
        work = partial(judge, diary(scores), Procedure(DAY0), as_of=day(last))
        plain = spent(partial(seven_day_means, scores, last))
        print(
            f"{last:6d}{len(scores):9d}{spent(work):12.1f}{one_more(scores, last):13.1f}{plain:15.1f}{peak(work):12.1f}"
        )


if __name__ == "__main__":
    main()
