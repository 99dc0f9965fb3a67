"""What a clinic's own treatments teach is what they were like, also where most have not ended yet or were seen late."""

from math import log

import numpy as np
import pytest

from app.relief import DurationPrior, SeenReliefs, learn
from app.relief import parameters as par
from app.relief.durations import hazard


def reliefs(seed: int, median: float, sd: float, *, watched: tuple[float, float], late: float = 0.0) -> SeenReliefs:
    """Four thousand of a clinic: each watched for a time of its own, `late` of them from some day on only."""
    rng, n = np.random.default_rng(seed), 4000
    early = rng.random(n) < par.EARLY_SHARE
    ends = np.where(early, rng.exponential(par.EARLY_MEAN, n), np.exp(rng.normal(log(median), sd, n)))
    until = rng.uniform(*watched, n)
    entered = np.where(rng.random(n) < late, rng.uniform(60, 240, n), 0.0)
    left = np.floor(np.minimum(ends, until))
    seen = left > entered
    ended = (ends <= until)[seen].astype(np.float64)
    return SeenReliefs(left[seen].astype(np.float64), ended, entered[seen], np.ones(int(seen.sum())))


@pytest.mark.parametrize("median", [140.0, 275.0, 420.0])
@pytest.mark.parametrize(("watched", "late"), [((900, 2000), 0.0), ((60, 500), 0.0), ((200, 900), 0.7)])
def test_it_finds_what_the_cohort_was_like(median: float, watched: tuple[float, float], late: float) -> None:
    seen = reliefs(1, median, 0.55, watched=watched, late=late)
    found = learn(seen)
    assert found is not None
    assert found.n == int(seen.returned.sum())
    assert found.median_days == pytest.approx(median, rel=0.07)
    assert found.log_sd == pytest.approx(0.55, rel=0.12)


def test_those_that_are_alike_may_be_counted_together() -> None:
    seen = reliefs(2, 200, 0.6, watched=(100, 700))
    rows, count = np.unique(np.column_stack([seen.left, seen.returned, seen.entered]), axis=0, return_counts=True)
    left, returned, entered = rows.T
    assert learn(SeenReliefs(left, returned, entered, count.astype(np.float64))) == learn(seen)


def test_fewer_returns_than_ten_teach_nothing() -> None:
    nobody, some = np.empty(0), np.full(9, 90.0)
    assert learn(SeenReliefs(nobody, nobody, nobody, nobody)) is None
    held = np.ones(9)
    assert learn(SeenReliefs(some, held, 0 * some, held)) is None
    assert learn(SeenReliefs(np.append(some, 80.0), np.ones(10), np.zeros(10), np.ones(10))) is not None


@pytest.mark.parametrize(
    ("left", "returned"), [([1.0], [1.0]), ([90.0], [1.0]), ([20_000.0, 3.0], [0.0, 1.0]), ([0.0], [1.0])]
)
def test_whatever_was_seen_the_cohort_is_one(left: list[float], returned: list[float]) -> None:
    many = np.full(len(left), 5000.0)
    found = learn(SeenReliefs(np.array(left), np.array(returned), 0 * many, many))
    assert found is not None and found == DurationPrior(found.median_days, found.log_sd, 5000)


def test_it_weighs_by_its_returns_against_the_literature() -> None:
    few, many = (hazard(DurationPrior(100, 0.6, n), ()) for n in (round(par.RELIEF_PEOPLE), 2000))
    assert few.mean == pytest.approx((log(100) + log(par.RELIEF_MEDIAN)) / 2)
    assert many.mean == pytest.approx(log(100), abs=0.02)


def test_one_more_who_does_well_moves_what_is_told_a_little() -> None:
    """Twelve early returns beside many reliefs that hold fit any median from years on: it must not run to the end.

    Two laws fit them where some fifty hold, and what is told moves from one to the other.
    """
    told = []
    for held in range(5, 60):
        left = np.append(70.0 + 3 * np.arange(12), np.full(held, 290.0))
        found = learn(SeenReliefs(left, (left < 290).astype(np.float64), 0 * left, np.ones(len(left))))
        told.append(float(1 - hazard(found, ()).stays(np.array([90.0]), age=100)[0]))
    assert np.abs(np.diff(told)).max() < 0.1
    assert 0.04 < min(told) < max(told) < 0.5
