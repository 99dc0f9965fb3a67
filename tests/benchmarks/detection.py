"""How early and how truly a return is called, beside the simplest rule, on generated diaries.

    python -m tests.benchmarks.detection [DIARIES] [MIX ...]

Seeds below 500 000 are for tuning; the table is made on seeds from 500 000 on, which nothing was tuned on.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from app.relief import trace
from app.verdicts.traces import read_diary
from tests.benchmarks.diaries import MIXES, START, Floats, Made, Mix, make

HELD_OUT = 500_000


@dataclass(frozen=True)
class Figures:
    """Shares are 0 to 1, times in days, alarms a patient-year of relief; NaN where a method does not say it."""

    sens30: float
    delay: float
    delay_90: float
    false_alarms: float
    wrong: float
    brier: float
    date_error: float
    onset_error: float
    coverage: float


@dataclass(frozen=True)
class Said:
    """What a method says of one diary: the day of its call, its daily chance, and its dates with the interval."""

    call: int | None
    chance: Floats | None = None
    onset: int | None = None
    returned: tuple[int, int, int] | None = None


def engine(made: Made) -> Said:
    """The engine, day by day as it would have run."""
    diary, procedure = read_diary(made.line)
    seen = trace(diary, procedure)
    call = next((i + 1 for i, phase in enumerate(seen.phase) if phase == "returned"), None)
    v = seen.verdict
    dates = (v.returned.on, v.returned.low, v.returned.high)
    numbers = tuple((d - START).days for d in dates if d is not None)
    return Said(call, np.array(seen.return_probability), None if v.onset_on is None else (v.onset_on - START).days,
                numbers if v.phase == "returned" and len(numbers) == 3 else None)  # fmt: skip


def rule_of_thumb(made: Made) -> Said:
    """The rule in use: the mean of seven days at least half of baseline for 21 days, after relief was there."""
    last, base, score = arrays(made)
    run, had_relief = 0, False
    for day in range(8, last + 1):
        week = score[day - 6 : day + 1]
        week = week[~np.isnan(week)]
        if len(week) >= 2:
            high = week.mean() >= 0.5 * base
            had_relief |= not high and day >= 14
            run = run + 1 if high else 0
        if had_relief and run >= 21:
            return Said(day)
    return Said(None)


def arrays(made: Made) -> tuple[int, float, Floats]:
    """Last day, baseline and score by day (0 is the procedure) of a diary."""
    diary, procedure = read_diary(made.line)
    day = diary.day - procedure.performed_on.toordinal()
    score = diary.score("bilateral")
    before = score[(day < 0) & (day >= -14)]
    base = float(before.mean()) if len(before) >= 3 else float(procedure.baseline_pain or 0)
    out = np.full(made.last + 1, np.nan)
    out[day[day >= 0]] = score[day >= 0]
    return made.last, base, out


def figures(mix: Mix, seeds: Iterable[int], method: Callable[[Made], Said] = engine) -> Figures:
    """The figures of a method on the diaries of a mix."""
    hits, delays, briers, dates, onsets, covered = [], [], [], [], [], []
    false, years, wrong, never = 0, 0.0, 0, 0
    for seed in seeds:
        made = make(mix, seed)
        said = method(made)
        if not made.responder or made.onset is None:
            never += 1
            wrong += said.call is not None
            continue
        end = made.returned if made.returned is not None else made.last
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
        _mean(hits), _quantile(delays, 0.5), _quantile(delays, 0.9), false / max(years, 1e-9), wrong / max(1, never),
        _mean(briers), _quantile(dates, 0.5), _quantile(onsets, 0.5), _mean(covered))  # fmt: skip


def _mean(values: list[float] | list[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _quantile(values: list[int], q: float) -> float:
    return float(np.quantile(values, q)) if values else float("nan")


def main(count: int, names: list[str]) -> None:
    print(f"{count} diaries a row; seeds from {HELD_OUT} on; in days, and false alarms a patient-year of relief\n")
    print(f"{'diaries':17s}{'method':15s} sens30  delay/90th  false  wrong  Brier  date  onset  covered")
    for mix in MIXES:
        if names and mix.name not in names:
            continue
        for label, method in (("engine", engine), ("7-day rule", rule_of_thumb)):
            f = figures(mix, range(HELD_OUT, HELD_OUT + count), method)
            line = (
                f"{mix.name:17s}{label:15s} {f.sens30:6.2f}  {f.delay:5.0f} /{f.delay_90:4.0f}  {f.false_alarms:5.3f}"
                f"  {f.wrong:5.2f}  {f.brier:5.3f} {f.date_error:5.0f} {f.onset_error:6.0f}  {f.coverage:7.2f}"
            )
            print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, sys.argv[2:])
