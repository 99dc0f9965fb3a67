"""The figures that the engine promises, on diaries it was not tuned on; the whole table stands in `docs/engine.md`.

Each limit is what these diaries gave, with room for what a change of the generator's dice would do. A change that makes
one of them fail has made the engine worse.
"""

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf

from tests.benchmarks.detection import Figures, Watched, each, figures
from tests.benchmarks.mixes import LIVES, MIXES, TYPICAL, WIDE, Mix
from tests.benchmarks.rivals import rule_of_thumb

FIRST = 500_000
# diaries; sens30 at least; delay, false alarms a year, wrong and Brier at most; coverage at least
LIMITS = {
    "typical": (100, 0.86, 14, 0.08, 0.12, 0.008, 0.90),
    "noisy": (50, 0.68, 20, 0.13, 0.24, 0.020, 0.88),
    "sparse": (50, 0.77, 17, 0.09, 0.24, 0.010, 0.88),
    "flare-ups": (50, 0.68, 18, 0.33, 0.33, 0.028, 0.78),
    "masked": (50, 0.70, 18, 0.05, 0.10, 0.009, 0.84),
    "wide": (50, 0.68, 16, 0.14, 0.14, 0.012, 0.84),
}


@pytest.mark.parametrize("mix", [mix for mix in (*MIXES, WIDE, *LIVES) if mix.name in LIMITS], ids=lambda mix: mix.name)
def test_returns_are_called_in_time_and_rarely_falsely(mix: Mix) -> None:
    count, sens30, delay, false_alarms, wrong, brier, coverage = LIMITS[mix.name]
    seeds = range(FIRST, FIRST + count)
    found = figures(mix, seeds)
    assert found.sens30 >= sens30
    assert found.delay <= delay
    assert found.false_alarms <= false_alarms
    assert found.wrong <= wrong
    assert found.brier <= brier
    assert found.coverage >= coverage
    assert found.date_error <= 14 and found.onset_error <= 7
    if mix is TYPICAL:
        beats_the_rule_in_use(found, seeds)


def beats_the_rule_in_use(ours: Figures, seeds: range) -> None:
    """The rule of thumb is later, and calls more of those without relief returned."""
    rule = figures(TYPICAL, seeds, each(rule_of_thumb))
    assert ours.delay <= rule.delay - 7
    assert ours.sens30 >= rule.sens30 + 0.05
    assert ours.wrong < rule.wrong / 4


def test_the_curve_that_the_figures_use_is_that_of_a_published_table() -> None:
    """6-mercaptopurine in leukaemia, 21 children: Freireich 1963, Blood 21; table 2.2 in Klein and Moeschberger 2003."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    censored = [0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
    curve = ecdf(CensoredData.right_censored(weeks, np.array(censored, dtype=bool))).sf
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.628, 22: 0.538, 23: 0.448}
    for week, share in published.items():
        assert curve.evaluate(np.array([week]))[0] == pytest.approx(share, abs=6e-4)
    assert Watched(weeks, [bool(c) for c in censored]).median() == 23
