"""What a verdict gives cause to flag, and from which figure on."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.alerts.flags.conditions import GONE, KINDS, Condition, conditions, due
from app.rules.days import spoken_day
from app.rules.outcome import Outcome
from app.rules.parameters import MISSED_FOR, RISING_OPIOIDS, SILENT_AFTER
from app.rules.plan import CONTACTS
from app.rules.words import Severity
from tests.rules.outcomes import PERFORMED, on_day, outcome

VERDICT = "procedures/p/relief"


def causes(row: Outcome) -> list[Condition]:
    return conditions(row, "p", [date(2025, 11, 1), date(2025, 11, 3)])


def kinds(row: Outcome) -> list[str]:
    return [cause.kind for cause in causes(row)]


RETURNED_ON = PERFORMED + timedelta(days=120)


def test_somebody_in_relief_is_flagged_for_nothing() -> None:
    assert kinds(outcome()) == []


def test_a_return_says_how_long_it_held_and_which_entries_say_so() -> None:
    (cause,) = causes(outcome(phase="returned", ended="return", returned_on=RETURNED_ON, relief_days=120))
    assert cause == Condition(
        "pain_return",
        "soon",
        "pain returned after 120 days",
        RETURNED_ON,
        (VERDICT, "diary/2025-11-01", "diary/2025-11-03"),
    )
    (bare,) = causes(outcome(phase="returned", ended="return", relief_days=0))
    assert (bare.says, bare.first_on) == ("pain returned", outcome().as_of)


@pytest.mark.parametrize(
    ("chance", "said"), [(0.5, "0.50"), (0.689, "0.69"), (0.99, "0.99"), (0.996, "0.99"), (1.0, "0.99")]
)
def test_a_likely_return_is_never_called_certain(chance: float, said: str) -> None:
    (cause,) = causes(outcome(phase="returning", returned_on=RETURNED_ON, probability=chance))
    assert (cause.kind, cause.severity, cause.first_on) == ("return_likely", "later", RETURNED_ON)
    assert cause.says == f"return likely, probability {said}: ask the patient first"


def test_no_relief_and_a_lasting_side_effect() -> None:
    (failed,) = causes(outcome(phase="no_relief", ended="no_relief"))
    assert (failed.kind, failed.severity, failed.evidence) == ("no_relief", "soon", (VERDICT,))
    (lasting,) = causes(outcome(lasting=True))
    assert (lasting.kind, lasting.severity, lasting.evidence) == ("lasting_side_effect", "soon", (VERDICT,))


@pytest.mark.parametrize(
    ("phase", "ended", "expected"),
    [
        ("relief", "open", []),
        ("settling", "open", []),
        ("returning", "open", ["return_likely", "masked_climb"]),
        ("returned", "return", ["pain_return", "masked_climb"]),
        ("no_relief", "no_relief", ["no_relief"]),
    ],
)
def test_a_climb_is_masked_where_there_is_one(phase: str, ended: str, expected: list[str]) -> None:
    assert kinds(outcome(phase=phase, ended=ended, returned_on=RETURNED_ON, masked=True)) == expected


@pytest.mark.parametrize(
    ("change", "flagged"),
    [(None, False), (0.0, False), (-60.0, False), (49.9, False), (50.0, True), (50.1, True), (300.0, True)],
)
def test_opioids_rise_from_half_as_much_again(change: float | None, flagged: bool) -> None:
    assert RISING_OPIOIDS == 50
    assert kinds(outcome(mme_change=change)) == (["rising_opioids"] if flagged else [])


def test_a_rise_is_said_in_percent() -> None:
    (cause,) = causes(outcome(mme_change=66.7))
    assert (cause.severity, cause.says) == ("later", "opioids 67 % above the dose before the procedure")


@pytest.mark.parametrize(("silent", "flagged"), [(0, False), (13, False), (14, False), (15, True), (60, True)])
def test_a_diary_is_silent_after_fourteen_days(silent: int, flagged: bool) -> None:
    last = PERFORMED + timedelta(days=150 - silent)
    assert SILENT_AFTER == 14
    for ended, phase in (("open", "relief"), ("not_judged", "unknown")):
        assert kinds(on_day(150, ended=ended, phase=phase, last_logged_on=last)) == (
            ["silent_diary"] if flagged else []
        )
    over = on_day(150, ended="return", phase="returned", returned_on=RETURNED_ON, last_logged_on=last)
    assert kinds(over) == ["pain_return"], "nobody asks for entries of what is over"


def test_silence_begins_the_day_after_the_last_entry_or_the_procedure() -> None:
    last = PERFORMED + timedelta(days=130)
    (cause,) = causes(on_day(150, last_logged_on=last))
    assert (cause.says, cause.first_on) == (f"no entry since {spoken_day(last)}", last + timedelta(days=1))
    assert kinds(on_day(14, last_logged_on=None)) == []
    (never,) = causes(on_day(15, last_logged_on=None))
    assert (never.says, never.first_on) == ("nothing logged since the procedure", date(2025, 7, 11))


@pytest.mark.parametrize(("name", "first", "last"), CONTACTS)
def test_a_contact_is_missed_from_the_day_after_its_window_for_sixty_days(name: str, first: int, last: int) -> None:
    others = " ".join(other for other, _, _ in CONTACTS if other != name)
    found = {day: kinds(on_day(day, contacts=others)) for day in (first, last, last + 1, last + 60, last + 61)}
    assert MISSED_FOR == 60
    assert found == {
        first: [],
        last: [],
        last + 1: ["missed_follow_up"],
        last + 60: ["missed_follow_up"],
        last + 61: [],
    }
    (cause,) = causes(on_day(last + 1, contacts=others))
    assert (cause.first_on, cause.evidence) == (PERFORMED + timedelta(days=last + 1), ("procedures/p/plan",))


def test_all_that_were_missed_are_named_and_the_first_gives_the_day() -> None:
    (cause,) = causes(on_day(60, contacts=""))
    assert cause.says == "follow-up missed: days 1 to 3, 2 weeks, 6 to 8 weeks"
    assert cause.first_on == PERFORMED + timedelta(days=4)
    (later,) = causes(on_day(64, contacts=""))
    assert later.says == "follow-up missed: 2 weeks, 6 to 8 weeks"


@pytest.mark.parametrize("closed", ["repeat", "surgery", "death", "moved_away"])
def test_whoever_is_no_longer_followed_is_flagged_for_nothing(closed: str) -> None:
    """Also where pain had returned before the watch was closed: a repeat answers it."""
    for phase, ended in (("returned", "return"), ("returning", "open"), ("no_relief", "no_relief"), ("relief", closed)):
        row = outcome(
            phase=phase,
            ended=ended,
            closed=closed,
            closed_on=PERFORMED,
            masked=True,
            mme_change=90.0,
            lasting=True,
            last_logged_on=None,
            contacts="",
        )
        assert kinds(row) == []


def test_every_cause_has_a_word_for_when_it_is_gone() -> None:
    assert set(GONE) == set(KINDS)


@pytest.mark.parametrize(("severity", "hours"), [("now", 4), ("soon", 48), ("later", 168)])
def test_when_somebody_must_have_taken_it_up(severity: Severity, hours: int) -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert due(severity, at) == at + timedelta(hours=hours)
