"""The order of the patient list: what one procedure needs on the day of its verdict, and why. Pure.

It is worked out with the verdict and kept beside it, so that a list of ten thousand patients is one ordered query.
"""

from dataclasses import dataclass
from datetime import date

from app.rules.outcome import Outcome
from app.rules.parameters import MISSED_FOR, SILENT_AFTER
from app.rules.plan import WINDOWS, contacts

# in the order of the patient list; the texts name its filters
NEEDS = {
    "red_flag": "red flag",
    "return": "return",
    "returning": "return likely",
    "baseline": "no baseline",
    "no_relief": "no relief",
    "look_soon": "look at soon",
    "silent": "silent diary",
    "follow_up": "follow-up due",
    "answered": "answered",
    "settling": "settling",
    "relief": "in relief",
    "open": "nothing to do",
}
# a person has resolved the flag while its cause goes on: it is told, and asks for nothing
ANSWERED_BY = {"return": "pain_return", "returning": "return_likely", "no_relief": "no_relief"}
PLACE = {need: place for place, need in enumerate(NEEDS)}


@dataclass(frozen=True)
class Need:
    """What a procedure needs, why in one line, and since when that holds."""

    need: str
    why: str
    since: date


def need_of(outcome: Outcome) -> Need:
    """The most urgent need of one procedure, from its outcome as of the outcome's day."""
    if outcome.closed_because is not None:
        return Need("open", outcome.closed_because, outcome.closed_on or outcome.performed_on)
    asked = (_of_silence(outcome) or _of_plan(outcome)) if outcome.newest else None
    return _of_course(outcome) or asked or _at_rest(outcome)


def _of_course(outcome: Outcome) -> Need | None:
    phase, returned, performed = outcome.phase, outcome.returned_on, outcome.performed_on
    if phase == "returned" and returned is not None:
        hidden = ", hidden under a rising dose" if outcome.masked else ""
        held = f" {outcome.relief_days} days after the procedure" if outcome.relief_days else ""
        held = " again" if outcome.spells > 1 else held
        return Need("return", f"{outcome.sides or f'pain returned{held}'}{hidden}", returned)
    if phase == "returning" and returned is not None:
        # after a first return the chance is that of the first
        how = "again" if outcome.spells > 1 else f"probability {outcome.probability:.2f}"
        return Need("returning", outcome.sides or f"return likely, {how}", returned)
    if outcome.baseline_pain is None:
        return Need("baseline", "pain before is missing: nothing can be computed", performed)
    if outcome.ended == "no_relief":  # also where the diary has fallen silent since
        worse = ", and the pain is clearly above that of before" if outcome.worse else ""
        failed = outcome.sides or "relief never reached half"
        return Need("no_relief", f"{failed}{worse}", performed)
    if outcome.worse:
        return Need("look_soon", "pain is clearly above that of before", performed)
    if outcome.opioid_rise and phase == "relief":
        return Need("look_soon", "opioids rose while scores did not", performed)
    if outcome.function_falls:
        return Need("look_soon", "daily function is falling", performed)
    if outcome.lasting:
        return Need("look_soon", "a side effect outlasts its usual time", performed)
    return None


def _of_silence(outcome: Outcome) -> Need | None:
    since = outcome.last_logged_on or outcome.performed_on
    if outcome.ended not in ("open", "joined_late", "not_judged") or (outcome.as_of - since).days <= SILENT_AFTER:
        return None
    never = outcome.last_logged_on is None
    return Need("silent", "nothing logged since the procedure" if never else "no entry since then", since)


def _of_plan(outcome: Outcome) -> Need | None:
    today = outcome.as_of
    done = dict.fromkeys(outcome.contacts.split(), today)
    for contact in contacts(outcome.performed_on, done, today):
        name = WINDOWS[contact.contact]
        if contact.state == "due" and contact.first_on <= today:
            return Need("follow_up", f"follow-up at {name} is due", contact.first_on)
        if contact.state == "missed" and (today - contact.last_on).days <= MISSED_FOR:
            return Need("follow_up", f"follow-up at {name} was missed", contact.last_on)
    return None


def _at_rest(outcome: Outcome) -> Need:
    performed = outcome.performed_on
    if outcome.phase == "settling":
        return Need("settling", "the first weeks: nothing is decided yet", performed)
    if outcome.phase in ("relief", "returning") and outcome.relief_percent is not None:
        said = outcome.sides or f"relief {outcome.relief_percent:.0f} %"
        return Need("relief", said, outcome.relief_since or performed)
    return Need("open", "nothing can be said yet", performed)
