"""How early and how truly a return is called, beside five rivals, on generated diaries.

    python -m tests.benchmarks.detection [DIARIES] [MIX ...]

Seeds below 500 000 are for tuning; the table is made on seeds from 500 000 on, which nothing was tuned on. Uses all cores.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import CensoredData, ecdf

from app.answers.verdicts.trace_lines import read_diary
from app.relief import Trace, trace_all
from tests.benchmarks.arrays import Said
from tests.benchmarks.diaries import START, AssembledVerdict, make
from tests.benchmarks.mixes import BREAKING, LIVES, MIXES, WIDE, Mix
from tests.benchmarks.rivals import RIVALS

HELD_OUT = 500_000
HEADING = f"{'diaries':17s}{'method':14s} sens30  delay/90th  false  wrong  Brier  date  onset  covered  median"


@dataclass(frozen=True)
class Figures:
    """Shares are 0 to 1, times in days, alarms a patient-year of relief; NaN where a method does not say it.

    `median_error` is that of the Kaplan-Meier median of relief, as a share of the true one.
    """

    sens30: float
    delay: float
    delay_90: float
    false_alarms: float
    wrong: float
    brier: float
    date_error: float
    onset_error: float
    coverage: float
    median_error: float = float("nan")


Method = Callable[[Sequence[AssembledVerdict]], list[Said]]


def each(rule: Callable[[AssembledVerdict], Said]) -> Method:
    """A method that looks at one diary after the other."""
    return lambda diaries: [rule(made) for made in diaries]


def engine(diaries: Sequence[AssembledVerdict]) -> list[Said]:
    """The engine, day by day as it would have run."""
    traces = trace_all([read_diary(made.line)[1:] for made in diaries])
    return [_said(one) for one in traces]


def _said(seen: Trace) -> Said:
    call = next((i + 1 for i, phase in enumerate(seen.days.phase) if phase == "returned"), None)
    v = seen.verdict
    dates = (v.returned.on, v.returned.low, v.returned.high)
    numbers = tuple((d - START).days for d in dates if d is not None)
    return Said(
        call,
        np.array(seen.days.return_probability),
        None if v.onset_on is None else (v.onset_on - START).days,
        numbers if v.phase == "returned" and len(numbers) == 3 else None,
        v.relief_days,
        v.censored,
    )


def figures(mix: Mix, seeds: Iterable[int], method: Method = engine) -> Figures:
    """The figures of a method on the diaries of a mix."""
    return figures_of([make(mix, seed) for seed in seeds], method)


def figures_of(diaries: Sequence[AssembledVerdict], method: Method = engine) -> Figures:
    """The figures of a method on diaries."""
    hits, delays, briers, dates, onsets, covered = [], [], [], [], [], []
    false, years, wrong, never = 0, 0.0, 0, 0
    told, true = Watched(), Watched()
    for made, said in zip(diaries, method(diaries), strict=True):
        told.add(said.relief_days, said.censored)
        if not made.responder or made.onset is None:
            never += 1
            wrong += said.call is not None
            continue
        end = made.returned if made.returned is not None else made.last
        true.add(end, made.returned is None)
        years += max(0, end - made.onset) / 365.25
        false += said.call is not None and said.call < end - 14
        if said.chance is not None and end - 1 > made.onset:
            briers.append(float(np.mean(said.chance[made.onset - 1 : end - 1] ** 2)))
        if said.onset is not None:
            onsets.append(abs(said.onset - made.onset))
        if made.returned is None:
            continue
        window = made.logged[made.returned : made.returned + 30]
        if made.returned + 30 <= made.last and window.mean() >= 0.4:
            hits.append(said.call is not None and -14 <= said.call - made.returned <= 30)
        if said.call is not None and said.call >= made.returned - 14:
            delays.append(said.call - made.returned)
        if said.returned is not None:
            dates.append(abs(said.returned[0] - made.returned))
            covered.append(said.returned[1] <= made.returned <= said.returned[2])
    return Figures(
        _mean(hits),
        _quantile(delays, 0.5),
        _quantile(delays, 0.9),
        false / max(years, 1e-9),
        wrong / max(1, never),
        _mean(briers),
        _quantile(dates, 0.5),
        _quantile(onsets, 0.5),
        _mean(covered),
        told.median() / true.median() - 1 if told.days else float("nan"),
    )


def _mean(values: list[float] | list[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _quantile(values: list[int], q: float) -> float:
    return float(np.quantile(values, q)) if values else float("nan")


@dataclass
class Watched:
    """Days watched, and whether the watch ended before the event."""

    days: list[int] = field(default_factory=list)
    censored: list[bool] = field(default_factory=list)

    def add(self, days: int | None, censored: bool) -> None:
        if days is not None:
            self.days.append(days)
            self.censored.append(censored)

    def median(self) -> float:
        """The Kaplan-Meier median: the first day on which at most half are left; NaN where more than half are."""
        curve = ecdf(CensoredData.right_censored(self.days, self.censored)).sf
        left = np.flatnonzero(curve.probabilities <= 0.5)
        return float(curve.quantiles[left[0]]) if len(left) else float("nan")


def _row(task: tuple[Mix, str, int]) -> str:
    mix, label, count = task
    return row(mix.name, label, figures(mix, range(HELD_OUT, HELD_OUT + count), METHODS[label]))


def row(name: str, label: str, f: Figures) -> str:
    """A line of the table."""
    text = (
        f"{name:17s}{label:14s} {f.sens30:6.2f}  {f.delay:5.0f} /{f.delay_90:4.0f}  {f.false_alarms:5.3f}"
        f"  {f.wrong:5.2f}  {f.brier:5.3f} {f.date_error:5.0f} {f.onset_error:6.0f}  {f.coverage:7.2f}"
        f"  {f.median_error:6.3f}"
    )
    return text.replace("nan", "  -")


METHODS: dict[str, Method] = {"engine": engine, **{name: each(rule) for name, rule in RIVALS.items()}}


def main(count: int, names: list[str]) -> None:
    print(f"{count} diaries a row; seeds from {HELD_OUT} on; in days, and false alarms a patient-year of relief\n")
    print(HEADING)
    mixes = [mix for mix in (*MIXES, WIDE, *BREAKING, *LIVES) if not names or mix.name in names]
    with ProcessPoolExecutor() as pool:
        for row in pool.map(_row, [(mix, label, count) for mix in mixes for label in METHODS]):
            print(row, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, sys.argv[2:])
