"""How true the forecast is, by the age of the relief, beside the base rate of that age.

    python -m tests.benchmarks.forecast [TREATMENTS]

Asked at landmarks: everybody whose phase is `relief` on day 75, 120, ..., with what had been written by then, whatever came
later; random days before a return would flatter or damn by selection. Each diary goes on for five years, so that it is
known of everybody when the return came. The base rate is the share of others, of the same generator, whose relief that
held at this age ended within 90 days. In the second table relief lasts half as long as the literature says; in the
third the engine is told what as many other treatments of that clinic were like, as it has judged them itself. Made on seeds
from 500 000 on. Uses all cores.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import numpy as np

from app.answers.verdicts.trace_lines import read_diary
from app.relief import DurationPrior, EngineState, SeenReliefs, judge, learn
from tests.benchmarks.detection import HELD_OUT
from tests.benchmarks.diaries import START, make
from tests.benchmarks.mixes import TYPICAL, Mix

LANDMARKS = (75, 120, 180, 270, 365, 500)
WITHIN = 90  # days, of which the forecast's chance speaks
LONG = replace(TYPICAL, days=(1825, 1826))
SHORT = replace(LONG, name="half as long", relief_days=LONG.relief_days / 2)


@dataclass(frozen=True)
class ShownRevision:
    """A forecast at a landmark, and on which day the return truly came; days from the procedure."""

    landmark: int
    chance: float
    median: int
    low: int
    high: int
    returned: int

    @property
    def came(self) -> bool:
        """Whether the return came in the days of which the chance speaks."""
        return self.returned <= self.landmark + WITHIN


def forecasts(seed: int, mix: Mix, prior: DurationPrior | None = None) -> list[ShownRevision]:
    """The forecasts for one diary at each landmark on which it is in relief."""
    made = make(mix, seed)
    diary, procedure = read_diary(made.line)[1:]
    state, out = EngineState(), []
    for landmark in LANDMARKS:
        today = START + timedelta(days=landmark)
        known = diary.take(diary.known_on <= today.toordinal())
        forecast = judge(known, procedure, as_of=today, kept=state, prior=prior).forecast
        if forecast is None:
            continue
        returned = made.last if made.returned is None else made.returned
        median, low, high = (_day(day) for day in (forecast.median_on, forecast.low, forecast.high))
        out.append(ShownRevision(landmark, forecast.return_within_90_days, median, low, high, returned))
    return out


def _day(on: date) -> int:
    return (on - START).days


def truly(seed: int, mix: Mix) -> int | None:
    """The day of a diary's true return; None where there was no relief. For the base rate and for a cohort."""
    made = make(mix, seed)
    return (made.returned or made.last) if made.responder and made.onset is not None else None


def seen(seed: int, mix: Mix) -> tuple[int, bool] | None:
    """What the engine says of a diary at its end: days of relief, whether it returned; None where there was no relief."""
    made = make(mix, seed)
    diary, procedure = read_diary(made.line)[1:]
    verdict = judge(diary, procedure, as_of=START + timedelta(days=made.last))
    if verdict.onset_on is None or not verdict.relief_days:
        return None
    return verdict.relief_days, not verdict.censored


def own_cohort(found: Sequence[tuple[int, bool]]) -> DurationPrior | None:
    """What a clinic knows of the durations of its own treatments."""
    days, ended = np.array(found, dtype=np.float64).T
    return learn(SeenReliefs(days, ended, np.zeros(len(days)), np.ones(len(days))))


def line(label: str, told: Sequence[ShownRevision], ends: Sequence[int]) -> str:
    """A line of the table; `ends` are days of returns of others."""
    came = np.array([one.came for one in told], dtype=float)
    chance = np.array([one.chance for one in told])
    rates = {age: _base_rate(age, ends) for age in {one.landmark for one in told}}
    rate = np.array([rates[one.landmark] for one in told])
    by_median = np.mean([one.returned <= one.median for one in told])
    inside = np.mean([one.low <= one.returned <= one.high for one in told])
    return (
        f"{label:14s}{len(told):5d}  {chance.mean():5.3f}  {came.mean():8.3f}  {came.mean() - chance.mean():+10.3f}"
        f"  {np.mean((chance - came) ** 2):6.3f}  {np.mean((rate - came) ** 2):9.3f}  {by_median:9.2f}  {inside:6.2f}"
    )


def _base_rate(age: int, ends: Sequence[int]) -> float:
    held = [end for end in ends if end > age]
    return sum(end <= age + WITHIN for end in held) / max(1, len(held))


def table(pool: ProcessPoolExecutor, mix: Mix, count: int, *, own: bool) -> None:
    """Prints the table of a mix; with what the clinic's own cohort was like where `own`."""
    others = [end for end in pool.map(partial(truly, mix=mix), range(count), chunksize=8) if end is not None]
    judged = pool.map(partial(seen, mix=mix), range(count), chunksize=4) if own else ()
    prior = own_cohort([one for one in judged if one is not None]) if own else None
    asked = partial(forecasts, mix=mix, prior=prior)
    told = [one for some in pool.map(asked, range(HELD_OUT, HELD_OUT + count), chunksize=4) for one in some]
    knows = f", told of {prior.n} returns, median {prior.median_days:.0f} days" if prior else ""
    print(f"\n{mix.name}: {count} treatments{knows}")
    print("age              n   told  observed  difference   Brier  base rate  by median  inside")
    for landmark in LANDMARKS:
        some = [one for one in told if one.landmark == landmark]
        if some:
            print(line(f"day {landmark}", some, others), flush=True)
    print(line("all", told, others), flush=True)


def main(count: int) -> None:
    """Prints the tables."""
    with ProcessPoolExecutor() as pool:
        table(pool, LONG, count, own=False)
        table(pool, SHORT, count, own=False)
        table(pool, SHORT, count, own=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
