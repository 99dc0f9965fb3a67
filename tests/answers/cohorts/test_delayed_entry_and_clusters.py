"""Late joiners count from their entry on, and several procedures of one person widen the interval by what they share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from app.answers.cohorts.clusters import Treatments, shared_variance
from app.answers.cohorts.survival import Counts, kaplan_meier
from app.relief import Floats


def counts(entered: Floats, day: Floats, event: Floats) -> Counts:
    days = np.unique(np.concatenate([entered, day]))
    ended, censored = (
        np.array([part[own == d].sum() for d in days], dtype=np.float64)
        for own, part in ((day, event), (day, 1 - event))
    )
    return Counts(days, ended, censored, np.array([(entered == d).sum() for d in days], dtype=np.float64))


rows = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 700), st.booleans()), min_size=2, max_size=80)


@given(rows)
@settings(max_examples=80, deadline=None)
def test_a_late_joiner_is_at_risk_from_the_entry_on_as_in_lifelines(found: list[tuple[int, int, bool]]) -> None:
    entered = np.array([0.0, *(since if since > 28 else 0 for since, _, _ in found)])
    day = entered + np.array([900.0, *(held for _, held, _ in found)])
    event = np.array([0.0, *(float(ended) for *_, ended in found)])
    own = kaplan_meier(counts(entered, day, event))
    theirs = KaplanMeierFitter().fit(day, event, entry=entered)
    assert own.day.tolist() == theirs.survival_function_.index.tolist()
    assert own.survival == pytest.approx(theirs.survival_function_.iloc[:, 0].to_numpy(), abs=1e-9)
    inside = (own.survival > 0) & (own.survival < 1)
    interval = theirs.confidence_interval_
    assert own.low[inside] == pytest.approx(interval.iloc[:, 0].to_numpy()[inside], abs=1e-9)


def test_the_same_course_twice_tells_no_more_than_once() -> None:
    rng = np.random.default_rng(3)
    day, event = rng.integers(30, 600, 80).astype(float), (rng.random(80) < 0.7).astype(float)
    once, zero = counts(np.zeros(80), day, event), np.zeros(160)
    twice = counts(zero, np.tile(day, 2), np.tile(event, 2))
    several = Treatments(np.tile(np.arange(80), 2), zero, np.tile(day, 2), np.tile(event, 2) > 0)
    own, other = kaplan_meier(twice, shared_variance(twice, several)), kaplan_meier(once)
    assert own.low == pytest.approx(other.low, abs=1e-9, nan_ok=True)
    assert np.nanmax(kaplan_meier(twice).low - other.low) > 0.01, "without the persons it would be too narrow"


def simulated(seed: int, people: int = 110) -> tuple[Counts, Treatments]:
    """One to four procedures a person, half of the variance the person's own, true median 270; late joiners, censoring."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.choice([1, 2, 3, 4], people, p=[0.4, 0.3, 0.2, 0.1]))
    own = rng.normal(0, 0.42, people)[person] + rng.normal(0, 0.42, len(person))
    lasts, watched = np.ceil(270 * np.exp(own)), rng.integers(200, 900, len(person))
    entered = np.where(rng.random(len(person)) < 0.1, rng.integers(57, 150, len(person)), 0)
    day, event = np.minimum(lasts, watched).astype(float), lasts <= watched
    seen = day > entered
    person, entered, day, event = person[seen], entered[seen].astype(float), day[seen], event[seen]
    return counts(entered, day, event.astype(float)), Treatments(person.astype(np.int64), entered, day, event)


@pytest.mark.unmeasured
def test_the_interval_of_the_median_holds_it_in_95_of_100() -> None:
    held: list[bool] = []
    naive: list[bool] = []
    for seed in range(1_500):
        found, several = simulated(seed)
        for curve, out in ((kaplan_meier(found, shared_variance(found, several)), held), (kaplan_meier(found), naive)):
            _, low, high = curve.median()
            out.append((low or 0) <= 270 <= (high or 1e9))
    assert 0.93 <= np.mean(held) <= 0.97
    assert np.mean(naive) < 0.93, "the persons matter here"


@pytest.mark.parametrize("seed", range(40))
def test_what_people_have_in_common_is_the_sum_of_their_influences_products(seed: int) -> None:
    """Beside a slow twin that draws each procedure's influence by day."""
    chance = np.random.default_rng(seed)
    n = int(chance.integers(2, 60))
    person, entered = np.sort(chance.integers(0, max(1, n // 2), n)), chance.choice([0.0, 0.0, 30.0, 60.0], n)
    ends, event = entered + chance.integers(1, 60, n).astype(np.float64), chance.random(n) < 0.6
    day = np.unique(np.concatenate([ends, entered]))
    returned, censored = (np.array([np.sum(which & (ends == on)) for on in day], float) for which in (event, ~event))
    risk = Counts(day, returned, censored, np.array([np.sum(entered == on) for on in day], float))
    left = np.where(risk.at_risk > returned, risk.at_risk - returned, np.inf)
    step = np.where(returned > 0, returned / np.maximum(risk.at_risk, 1) / left, 0.0)
    influence = np.zeros((n, len(day)))
    for one in range(n):
        until = int(np.searchsorted(day, ends[one]))
        for at in range(len(day)):
            lived = step[(day > entered[one]) & (np.arange(len(day)) <= min(at, until))].sum() if entered[one] else None
            influence[one, at] = step[: min(at, until) + 1].sum() if lived is None else lived
            influence[one, at] -= 1 / left[until] if event[one] and at >= until else 0.0
    together = sum(influence[person == who].sum(axis=0) ** 2 for who in set(person.tolist()))
    found = shared_variance(risk, Treatments(person, entered, ends, event))
    np.testing.assert_allclose(found, together - (influence**2).sum(axis=0), atol=1e-9)
