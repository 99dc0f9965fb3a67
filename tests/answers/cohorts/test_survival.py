"""The estimators on counts against the field's library on rows, and against a published table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time

from app.answers.cohorts.survival import Counts, aalen_johansen, kaplan_meier, log_rank

Rows = list[tuple[int, bool]]
rows = st.lists(st.tuples(st.integers(1, 900), st.booleans()), min_size=2, max_size=120)


def counts(days: list[int], ended: list[bool]) -> Counts:
    day = np.unique(np.array(days, dtype=float))
    events, censored = (
        np.array([sum(d == x and e is yes for x, e in zip(days, ended, strict=True)) for d in day], float)
        for yes in (True, False)
    )
    return Counts(day, events, censored)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_kaplan_meier_is_that_of_lifelines(given_rows: list[tuple[int, bool]]) -> None:
    days, ended = map(list, zip(*given_rows, strict=True))
    own = kaplan_meier(counts(days, ended))
    theirs = KaplanMeierFitter().fit(days, ended)
    table = theirs.survival_function_
    assert own.day.tolist() == table.index.tolist()
    assert own.survival == pytest.approx(table.iloc[:, 0].to_numpy(), abs=1e-9)
    inside = (own.survival > 0) & (own.survival < 1)
    interval = theirs.confidence_interval_
    assert own.low[inside] == pytest.approx(interval.iloc[:, 0].to_numpy()[inside], abs=1e-9)
    assert own.high[inside] == pytest.approx(interval.iloc[:, 1].to_numpy()[inside], abs=1e-9)
    assert own.at_risk[1:].tolist() == theirs.event_table["at_risk"].iloc[1:].tolist()
    median = theirs.median_survival_time_
    if not np.any(np.abs(own.survival - 0.5) < 1e-9):  # there the last bit decides for it
        assert own.median()[0] == (None if median == float("inf") else median)
    until = min(365, max(days))
    assert own.restricted_mean(until) == pytest.approx(restricted_mean_survival_time(theirs, until), abs=1e-9)


@given(rows, rows, rows)
@settings(max_examples=40, deadline=None)
def test_the_log_rank_test_of_three_groups_is_that_of_lifelines(a: Rows, b: Rows, c: Rows) -> None:
    groups = (a, b, c)
    if not any(ended for group in groups for _, ended in group):
        return
    own = log_rank([counts(*map(list, zip(*group, strict=True))) for group in groups])
    assert own is not None
    days, ended, names = [], [], []
    for i, group in enumerate(groups):
        for day, end in group:
            days.append(day)
            ended.append(end)
            names.append(i)
    theirs = multivariate_logrank_test(days, names, ended)
    if np.isfinite(theirs.test_statistic):
        assert own[0] == pytest.approx(theirs.test_statistic, abs=1e-6, rel=1e-9)
        assert own[2] == pytest.approx(theirs.p_value, abs=1e-9)


def test_competing_ends_are_those_of_lifelines() -> None:
    rng = np.random.default_rng(5)
    day = np.sort(rng.choice(np.arange(1, 2_000), 200, replace=False)).astype(
        float
    )  # it moves tied days apart, at random
    cause = rng.integers(0, 3, 200)
    causes = np.array([(cause == k).astype(float) for k in (1, 2)])
    own = aalen_johansen(day, causes, (cause == 0).astype(float))
    for k in (1, 2):
        theirs = AalenJohansenFitter(calculate_variance=False).fit(day, cause, event_of_interest=k)
        assert own[k - 1] == pytest.approx(theirs.cumulative_density_.iloc[1:, 0].to_numpy(), abs=1e-9)


def test_remission_under_6_mp_as_freireich_published_it() -> None:
    """Freireich et al. 1963, weeks of remission in acute leukaemia; the product-limit table as Kalbfleisch and Prentice
    give it for the treated group, and a log-rank chi-square of 16.79 against placebo."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    ended = [
        True,
        True,
        True,
        False,
        True,
        False,
        True,
        False,
        False,
        True,
        True,
        False,
        False,
        False,
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    treated = counts(weeks, ended)
    curve = kaplan_meier(treated)
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, survival in published.items():
        assert curve.survival[curve.day == week][0] == pytest.approx(survival, abs=0.0005)
    assert curve.median()[0] == 23
    tested = log_rank([treated, counts(placebo, [True] * 21)])
    assert tested is not None
    assert tested[0] == pytest.approx(16.79, abs=0.005)
    assert kaplan_meier(counts(placebo, [True] * 21)).median()[0] == 8


def test_a_group_of_nobody_has_no_curve() -> None:
    nobody = Counts(np.array([]), np.array([]), np.array([]))
    curve = kaplan_meier(nobody)
    assert (curve.day.tolist(), curve.survival.tolist(), curve.at_risk.tolist()) == ([0.0], [1.0], [0.0])
    assert log_rank([nobody, nobody]) is None
