"""What a verdict gives cause to flag. Pure: the same outcome on the same day gives the same causes, so a replay does too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from app.rules.plan import WINDOWS, contacts

Severity = Literal["now", "soon", "later"]
DUE_WITHIN = {"now": timedelta(hours=4), "soon": timedelta(days=2), "later": timedelta(days=7)}
STANDING = ("pain_return", "return_likely", "no_relief", "lasting_side_effect", "rising_opioids", "masked_climb",
            "silent_diary", "missed_follow_up")  # fmt: skip
ASKS_FIRST = "return_likely"  # softer: the patient is asked before anybody of the clinic is
SILENT_AFTER = 14  # days without an entry while somebody is followed
RISING = 50.0  # percent more opioid than before the procedure
MISSED_FOR = 60  # days that a missed contact is still worth a call
GONE = {
    "pain_return": "the verdict no longer says that pain has returned",
    "return_likely": "the verdict no longer calls a return likely",
    "no_relief": "relief has been reached after all",
    "lasting_side_effect": "the side effect is no longer reported",
    "rising_opioids": "opioids are no longer above the dose of before",
    "masked_climb": "the verdict no longer sees a hidden climb",
    "silent_diary": "the diary is kept again, or the watch has ended",
    "missed_follow_up": "the contact was made, or is too long ago",
}


@dataclass(frozen=True)
class Standing:
    """Something that is so as of a day: kind, severity, a sentence, since when, and the rows that say it."""

    kind: str
    severity: Severity
    says: str
    first_on: date
    evidence: tuple[str, ...] = ()


def standing(outcome: Mapping[str, Any], procedure_id: object, why: list[date]) -> list[Standing]:
    """Everything that a procedure's outcome gives cause to flag.

    Args:
        outcome: its row, as of the day that it names.
        why: days whose entries weighed most in its verdict.
    """
    today: date = outcome["as_of"]
    verdict = f"procedures/{procedure_id}/relief"
    entries = tuple(f"diary/{on}" for on in why)
    followed = outcome["ended"] in ("open", "not_judged", "return", "no_relief")
    out: list[Standing] = []
    if not followed:
        return out
    returned = outcome["returned_on"] or today
    chance = min(0.99, outcome["probability"])
    if outcome["phase"] == "returned":
        held = f" after {outcome['relief_days']} days" if outcome["relief_days"] else ""
        out.append(Standing("pain_return", "soon", f"pain returned{held}", returned, (verdict, *entries)))
    if outcome["phase"] == "returning":
        says = f"return likely, probability {chance:.2f}: ask the patient first"
        out.append(Standing("return_likely", "later", says, returned, (verdict, *entries)))
    if outcome["phase"] == "no_relief":
        out.append(Standing("no_relief", "soon", "relief never reached half of the pain before", today, (verdict,)))
    if outcome["lasting"]:
        out.append(Standing("lasting_side_effect", "soon", "a side effect outlasts its usual time", today, (verdict,)))
    if outcome["masked"] and outcome["phase"] in ("returning", "returned"):
        out.append(Standing("masked_climb", "soon", "pain climbs under a rising dose", returned, (verdict,)))
    if (outcome["mme_change"] or 0) >= RISING:
        says = f"opioids {outcome['mme_change']:.0f} % above the dose before the procedure"
        out.append(Standing("rising_opioids", "later", says, today, (verdict,)))
    return [*out, *_silence(outcome, today), *_missed(outcome, procedure_id, today)]


def _silence(outcome: Mapping[str, Any], today: date) -> list[Standing]:
    since: date = outcome["last_logged_on"] or outcome["performed_on"]
    days = (today - since).days
    if outcome["ended"] not in ("open", "not_judged") or days <= SILENT_AFTER:
        return []
    return [Standing("silent_diary", "later", f"no entry since {since}", since + timedelta(days=1))]


def _missed(outcome: Mapping[str, Any], procedure_id: object, today: date) -> list[Standing]:
    done = dict.fromkeys(outcome["contacts"].split(), today)
    late = [
        c
        for c in contacts(outcome["performed_on"], done, today)
        if c.state == "missed" and (today - c.last_on).days <= MISSED_FOR
    ]
    if not late:
        return []
    says = "follow-up missed: " + ", ".join(WINDOWS[c.contact] for c in late)
    first = late[0].last_on + timedelta(days=1)
    return [Standing("missed_follow_up", "later", says, first, (f"procedures/{procedure_id}/plan",))]


def due(severity: str, at: datetime) -> datetime:
    """When somebody must have taken it up."""
    return at + DUE_WITHIN[severity]
