"""Who needs a look first: each need at the limit of its days, and which comes before which."""

from datetime import timedelta

import pytest

from app.answers.verdicts.triage import NEEDS, PLACE, need_of
from app.rules.days import spoken_day
from app.rules.outcome import CLOSED, Outcome
from app.rules.parameters import MISSED_FOR, SILENT_AFTER
from app.rules.plan import CONTACTS
from tests.rules.outcomes import EVERY, PERFORMED, on_day, outcome


def need(row: Outcome) -> tuple[str, str, int]:
    """What somebody needs, why, and since which day after the procedure."""
    found = need_of(row)
    return found.need, found.why, (found.since - PERFORMED).days


def test_somebody_in_relief_needs_nothing() -> None:
    assert need(outcome()) == ("relief", "relief 71 %", 0)
    assert need(outcome(relief_percent=None)) == ("open", "nothing can be said yet", 0)
    assert need(outcome(phase="settling", relief_percent=None)) == (
        "settling",
        "the first weeks: nothing is decided yet",
        0,
    )
    assert need(outcome(phase="unknown", relief_percent=40.0)) == ("open", "nothing can be said yet", 0)


RETURNED = {"phase": "returned", "ended": "return", "returned_on": PERFORMED + timedelta(days=120)}


def test_a_return_names_how_long_it_held_and_what_hid_it() -> None:
    assert need(outcome(**RETURNED, relief_days=120)) == ("return", "pain returned 120 days after the procedure", 120)
    hidden = need(outcome(**RETURNED, relief_days=120, masked=True))
    assert hidden[1] == "pain returned 120 days after the procedure, hidden under a rising dose"
    assert need(outcome(**RETURNED, relief_days=0))[1] == "pain returned"
    assert need(outcome(**{**RETURNED, "returned_on": None}))[0] == "open"


def test_a_likely_return_names_its_chance() -> None:
    likely = {"phase": "returning", "returned_on": PERFORMED + timedelta(days=140)}
    assert need(outcome(**likely, probability=0.625)) == ("returning", "return likely, probability 0.62", 140)
    assert need(outcome(phase="returning"))[0] == "relief", "without a day of it"


def test_no_relief_and_what_lasts() -> None:
    assert need(outcome(phase="no_relief", ended="no_relief")) == ("no_relief", "relief never reached half", 0)
    silent = outcome(phase="unknown", ended="no_relief", last_logged_on=PERFORMED, relief_percent=None)
    assert need(silent)[0] == "no_relief", "falling silent is no answer"
    assert need(outcome(lasting=True)) == ("look_soon", "a side effect outlasts its usual time", 0)
    assert need(outcome(phase="no_relief", ended="no_relief", lasting=True))[0] == "no_relief"


@pytest.mark.parametrize(("closed", "says"), CLOSED.items())
def test_where_the_watch_was_closed_nobody_is_called(closed: str, says: str) -> None:
    on = PERFORMED + timedelta(days=100)
    for phase, ended in (
        ("returned", "return"),
        ("returning", "open"),
        ("no_relief", "no_relief"),
        ("unknown", closed),
    ):
        told = {**RETURNED, "phase": phase, "ended": ended, "closed": closed, "closed_on": on}
        row = outcome(**told, lasting=True, last_logged_on=None, relief_percent=None)
        assert need(row) == ("open", f"followed until {spoken_day(on)}: {says}", 100)
    assert need(outcome(ended=closed, closed=closed, closed_on=on))[0] == "open"


def test_an_older_procedure_is_not_asked_about() -> None:
    assert need(outcome(last_logged_on=None))[0] == "silent"
    assert need(outcome(last_logged_on=None, newest=False))[0] == "relief"


@pytest.mark.parametrize(("silent", "expected"), [(13, "relief"), (14, "relief"), (15, "silent"), (100, "silent")])
def test_a_diary_is_silent_from_the_fifteenth_day_on(silent: int, expected: str) -> None:
    assert SILENT_AFTER == 14
    assert need(on_day(150, last_logged_on=PERFORMED + timedelta(days=150 - silent)))[0] == expected
    for ended, found in (("open", expected), ("not_judged", expected), ("return", "relief"), ("death", "relief")):
        row = on_day(150, last_logged_on=PERFORMED + timedelta(days=150 - silent), ended=ended)
        assert need(row)[0] == found, ended


def test_silence_counts_from_the_last_entry_or_from_the_procedure() -> None:
    said = need(on_day(150, last_logged_on=PERFORMED + timedelta(days=120)))
    assert said == ("silent", "no entry since then", 120)
    assert need(on_day(14, last_logged_on=None))[0] == "relief"
    assert need(on_day(15, last_logged_on=None)) == ("silent", "nothing logged since the procedure", 0)


@pytest.mark.parametrize(("name", "first", "last"), CONTACTS)
def test_a_contact_is_due_on_its_days_and_missed_for_two_months(name: str, first: int, last: int) -> None:
    others = " ".join(other for other, _, _ in CONTACTS if other != name)
    says = {day: need(on_day(day, contacts=others)) for day in (first - 1, first, last, last + 1, last + 60, last + 61)}
    assert [says[day][0] for day in (first - 1, last + 61)] == ["relief", "relief"]
    assert [(says[day][0], says[day][1].split()[-1], says[day][2]) for day in (first, last)] == [
        ("follow_up", "due", first)
    ] * 2
    assert [(says[day][0], says[day][1].split()[-1], says[day][2]) for day in (last + 1, last + MISSED_FOR)] == [
        ("follow_up", "missed", last)
    ] * 2
    assert MISSED_FOR == 60
    assert need(on_day(first, contacts=EVERY))[0] == "relief", "it was made"


def test_the_first_contact_that_is_open_is_named() -> None:
    assert need(on_day(16, contacts="days_1_3"))[1] == "follow-up at 2 weeks is due"
    assert need(on_day(16, contacts=""))[1] == "follow-up at days 1 to 3 was missed"
    assert need(on_day(64, contacts=""))[1] == "follow-up at 2 weeks was missed"


def test_worse_than_before_is_told_with_no_relief() -> None:
    failed = need(outcome(phase="no_relief", ended="no_relief", worse=True))
    assert failed[:2] == ("no_relief", "relief never reached half, and the pain is clearly above that of before")


def test_what_is_worse_comes_first() -> None:
    silent = {"last_logged_on": None, "contacts": ""}
    order = [
        outcome(**RETURNED, lasting=True, **silent),
        outcome(**{**RETURNED, "phase": "returning", "ended": "open"}, lasting=True, **silent),
        outcome(baseline_pain=None, phase="unknown", lasting=True, **silent),
        outcome(phase="no_relief", ended="no_relief", lasting=True, **silent),
        outcome(lasting=True, **silent),
        outcome(**silent),
        outcome(contacts=""),
        outcome(phase="settling"),
        outcome(),
        outcome(phase="unknown"),
    ]
    needs = [need(row)[0] for row in order]
    assert needs == [
        "return",
        "returning",
        "baseline",
        "no_relief",
        "look_soon",
        "silent",
        "follow_up",
        "settling",
        "relief",
        "open",
    ]
    assert [PLACE[one] for one in needs] == sorted(PLACE[one] for one in needs)
    assert set(NEEDS) - set(needs) == {"red_flag", "answered"}, "which come of flags"
    assert (next(iter(NEEDS)), PLACE["red_flag"]) == ("red_flag", 0)
