"""The flags that a verdict calls for. Pure: the same outcome on the same day gives the same causes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.rules import parameters as par
from app.rules.days import spoken_day
from app.rules.outcome import Outcome
from app.rules.plan import WINDOWS, contacts
from app.rules.red_flags import emergencies
from app.rules.words import Severity

STILL_OPEN = ("open", "joined_late", "not_judged")
ASKS_FIRST = "return_likely"  # less certain: the patient is asked before the flag is handed to anybody at the clinic
GONE = {
    "pain_return": "the verdict no longer says that pain has returned",
    "return_likely": "the verdict no longer calls a return likely",
    "no_relief": "relief has been reached after all",
    "falling_function": "daily function is no longer falling, or the pain is flagged itself",
    "worse_than_before": "the pain is no longer above that of before",
    "lasting_side_effect": "the side effect is no longer reported",
    "rising_opioids": "opioids are no longer above the dose of before",
    "masked_climb": "the verdict no longer sees a hidden climb",
    "silent_diary": "the diary is kept again, or the watch has ended",
    "missed_follow_up": "the contact was made, is too long ago, or the watch has ended",
}
# what a phase says; the others are of what the diary said when it last spoke of it
BY_PHASE = frozenset({"pain_return", "return_likely", "masked_climb"})
ONCE_A_PATIENT = ("silent_diary", "missed_follow_up")  # whatever the number of procedures that are watched
KINDS = tuple(GONE)  # of the flags that come and go with their condition


@dataclass(frozen=True)
class Condition:
    """A cause for a flag as of a day: kind, severity, a sentence, its first day, and the rows it rests on."""

    kind: str
    severity: Severity
    says: str
    first_on: date
    evidence: tuple[str, ...] = ()


def conditions(outcome: Outcome, procedure_id: object, why: list[date]) -> list[Condition]:
    """All causes for flags in a procedure's outcome.

    Args:
        outcome: its row, as of the day that it names.
        why: days whose entries weighed most in its verdict.
    """
    today = outcome.as_of
    verdict = f"procedures/{procedure_id}/relief"
    entries = tuple(f"diary/{on}" for on in why)
    out: list[Condition] = []
    if outcome.closed is not None:
        return out
    returned = outcome.returned_on or today
    chance = min(0.99, outcome.probability)
    if outcome.phase == "returned":
        held = f" after {outcome.relief_days} days" if outcome.relief_days else ""
        held = " again" if outcome.spells > 1 else held
        says = outcome.sides or f"pain returned{held}"
        out.append(Condition("pain_return", "soon", says, returned, (verdict, *entries)))
    if outcome.phase == "returning":
        # after a first return the chance is that of the first
        how = "again" if outcome.spells > 1 else f"probability {chance:.2f}"
        says = f"{outcome.sides or f'return likely, {how}'}: ask the patient first"
        out.append(Condition("return_likely", "later", says, returned, (verdict, *entries)))
    if outcome.ended == "no_relief":
        says = outcome.sides or "relief never reached half of the pain before"
        out.append(Condition("no_relief", "soon", says, today, (verdict,)))
    if outcome.worse:
        says = "pain is clearly above that of before the procedure"
        out.append(Condition("worse_than_before", "soon", says, today, (verdict,)))
    if outcome.function_falls and outcome.phase not in ("returning", "returned"):
        says = "daily function is falling: by the diary, pain gets more in the way, or of work"
        out.append(Condition("falling_function", "soon", says, today, (verdict,)))
    if outcome.lasting:
        out.append(Condition("lasting_side_effect", "soon", "a side effect outlasts its usual time", today, (verdict,)))
    if outcome.masked and outcome.phase in ("returning", "returned"):
        out.append(Condition("masked_climb", "soon", "pain climbs under a rising dose", returned, (verdict,)))
    elif outcome.opioid_rise and outcome.phase == "relief":
        says = "opioids rose while scores did not: they may hide pain"
        out.append(Condition("masked_climb", "soon", says, today, (verdict,)))
    if (outcome.mme_change or 0) >= par.RISING_OPIOIDS:
        says = f"opioids {outcome.mme_change:.0f} % above the dose before the procedure"
        out.append(Condition("rising_opioids", "later", says, today, (verdict,)))
    return [*out, *_silence(outcome, today), *_missed(outcome, procedure_id, today)]


def untold(outcome: Outcome) -> frozenset[str]:
    """The kinds of which the diary tells nothing today: their flags stay, for silence says of nothing that it is over."""
    written = outcome.last_logged_on
    silent = (
        written is not None and outcome.baseline_pain is not None and (outcome.as_of - written).days > par.KNOWN_FOR
    )
    return BY_PHASE if silent and outcome.phase == "unknown" and outcome.closed is None else frozenset()


def _silence(outcome: Outcome, today: date) -> list[Condition]:
    since = outcome.last_logged_on or outcome.performed_on
    days = (today - since).days
    if outcome.ended not in STILL_OPEN or days <= par.SILENT_AFTER:
        return []
    never = outcome.last_logged_on is None
    says = "nothing logged since the procedure" if never else f"no entry since {spoken_day(since)}"
    return [Condition("silent_diary", "later", says, since + timedelta(days=1))]


def _missed(outcome: Outcome, procedure_id: object, today: date) -> list[Condition]:
    done = dict.fromkeys(outcome.contacts.split(), today)
    late = [
        c
        for c in contacts(outcome.performed_on, done, today)
        if c.state == "missed" and (today - c.last_on).days <= par.MISSED_FOR
    ]
    if not late:
        return []
    says = "follow-up missed: " + ", ".join(WINDOWS[c.contact] for c in late)
    first = late[0].last_on + timedelta(days=1)
    return [Condition("missed_follow_up", "later", says, first, (f"procedures/{procedure_id}/plan",))]


IN_REVIEW = "decided in review "  # begins the words with which a decision resolves a flag


def due(severity: Severity, at: datetime) -> datetime:
    """The instant by which somebody must have acknowledged a flag of a severity that is shown at `at`."""
    return at + par.DUE_WITHIN[severity]


def due_again(severity: Severity, cause: str, at: datetime) -> datetime:
    """The same for who is handed a flag that nobody has taken up; `cause` begins with its sign."""
    is_emergency = severity == "now" and cause.partition(" ")[0] in emergencies()
    return at + par.EMERGENCY_WITHIN if is_emergency else due(severity, at)
