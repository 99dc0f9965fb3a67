"""Properties of every policy that no case may break."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.rules.policies import Case, Session, evaluate, policies
from app.rules.policies.months import earliest_after, months_back
from tests.rules.test_policies import GOOD, SOON, START, WINDOW, session

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(days, st.integers(1, 24))
def test_earliest_is_the_first_day_that_reaches_back(last: date, months: int) -> None:
    first = earliest_after(last, months)
    assert months_back(first, months) >= last > months_back(first - timedelta(days=1), months)


sessions = st.lists(
    st.builds(
        session,
        days,
        st.uuids().map(str),
        st.sampled_from(["lumbar", "sacroiliac", "cervical"]),
        st.sampled_from(["left", "right", "bilateral"]),
    ),
    max_size=6,
)
names = st.sampled_from(sorted(policies()))


@given(names, sessions, sessions, days)
def test_a_further_procedure_never_frees_quota(name: str, some: list[Session], more: list[Session], on: date) -> None:
    few = evaluate(policies()[name], replace(GOOD, proposed_on=on, sessions=tuple(some)))
    many = evaluate(policies()[name], replace(GOOD, proposed_on=on, sessions=tuple(some + more)))
    assert (few.sessions_left or 0) >= (many.sessions_left or 0)


@given(names, sessions, st.dates(date(2031, 1, 1), date(2034, 1, 1)), st.integers(1, 900))
def test_a_later_day_never_breaks_a_gap(name: str, some: list[Session], on: date, later: int) -> None:
    def gap(proposed: date) -> str | None:
        found = evaluate(policies()[name], replace(GOOD, proposed_on=proposed, sessions=tuple(some))).rules
        return next((f.result for f in found if f.rule == "minimum_gap"), None)

    if gap(on) == "met":
        assert gap(on + timedelta(days=later)) == "met"


@given(names, st.permutations([session(START), SOON, session(date(2025, 5, 5), "p3", "cervical")]))
def test_the_order_of_the_record_changes_nothing(name: str, order: list[Session]) -> None:
    found = [evaluate(policies()[name], replace(GOOD, sessions=tuple(some))) for some in (order, order[::-1])]
    results = [[(f.rule, f.result, f.earliest_on, sorted(f.evidence)) for f in one.rules] for one in found]
    assert results[0] == results[1]


@given(names, days)
def test_nothing_known_is_nothing_met(name: str, on: date) -> None:
    nothing = Case(on, "lumbar", "left", None)
    for found in evaluate(policies()[name], nothing).rules:
        assert found.result != "met" or found.rule in (WINDOW, "minimum_gap", "region_covered")
