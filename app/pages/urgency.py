"""Who needs a look first, and why: from the outcomes, the open flags and the plan's contacts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.flags.standing import MISSED_FOR, SILENT_AFTER
from app.rules.plan import contacts

# in the order of the list; the words name the filter
NEEDS = {
    "red_flag": "red flag",
    "return": "return",
    "returning": "return likely",
    "no_relief": "no relief",
    "look_soon": "look at soon",
    "silent": "silent diary",
    "follow_up": "follow-up due",
    "settling": "settling",
    "relief": "in relief",
    "open": "nothing to do",
}
PLACE = {need: place for place, need in enumerate(NEEDS)}
WINDOWS = {"days_1_3": "days 1 to 3", "weeks_2": "2 weeks", "weeks_6_8": "6 to 8 weeks", "months_3": "3 months",
           "months_6": "6 months", "months_12": "12 months"}  # fmt: skip


@dataclass(frozen=True)
class Need:
    """What somebody needs, in one line, and for how many days already."""

    need: str
    why: str
    days: int
    procedure_id: UUID | None = None

    @property
    def order(self) -> tuple[int, int]:
        """The most urgent first, and the longest waiting first among equals."""
        return PLACE[self.need], -self.days


def of_flags(flags: Iterable[Any], today: date) -> Need | None:
    """The most severe open flag, the oldest first."""
    found = sorted(flags, key=lambda f: (f.severity != "now", f.first_on))
    if not found:
        return None
    first = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    need = "red_flag" if first.severity == "now" else "look_soon"
    return Need(need, f"{first.says}{more}", (today - first.first_on).days)


def of_outcome(row: Any, today: date) -> Need:
    """What one procedure asks for."""
    return _of_course(row, today) or _of_silence(row, today) or _of_plan(row, today) or _at_rest(row, today)


def _of_course(row: Any, today: date) -> Need | None:
    if row.ended in ("repeat", "surgery", "death", "moved_away"):
        return None
    if row.phase == "returned" and row.returned_on is not None:
        hidden = ", hidden under a rising dose" if row.masked else ""
        held = f" after {row.relief_days} days of relief" if row.relief_days else ""
        why = f"pain returned{held}{hidden}"
        return Need("return", why, (today - row.returned_on).days, row.procedure_id)
    if row.phase == "returning" and row.returned_on is not None:
        why = f"return likely, probability {row.probability:.2f}"
        return Need("returning", why, (today - row.returned_on).days, row.procedure_id)
    if row.phase == "no_relief":
        return Need("no_relief", "relief never reached half", (today - row.performed_on).days, row.procedure_id)
    if row.lasting:
        return Need(
            "look_soon", "a side effect outlasts its usual time", (today - row.performed_on).days, row.procedure_id
        )
    return None


def _of_silence(row: Any, today: date) -> Need | None:
    if row.ended not in ("open", "not_judged"):
        return None
    since = row.last_logged_on or row.performed_on
    days = (today - since).days
    if days <= SILENT_AFTER:
        return None
    last = "nothing logged since the procedure" if row.last_logged_on is None else f"no entry for {days} days"
    return Need("silent", last, days, row.procedure_id)


def _of_plan(row: Any, today: date) -> Need | None:
    done = dict.fromkeys(row.contacts.split(), today)
    for contact in contacts(row.performed_on, done, today):
        late = (today - contact.last_on).days
        if contact.state == "due" and contact.first_on <= today:
            return Need("follow_up", f"follow-up at {WINDOWS[contact.contact]} is due", (today - contact.first_on).days,
                        row.procedure_id)  # fmt: skip
        if contact.state == "missed" and late <= MISSED_FOR:
            return Need("follow_up", f"follow-up at {WINDOWS[contact.contact]} was missed", late, row.procedure_id)
    return None


def _at_rest(row: Any, today: date) -> Need:
    days = (today - row.performed_on).days
    if row.phase == "settling":
        return Need("settling", "the first weeks: nothing is decided yet", days, row.procedure_id)
    if row.phase in ("relief", "returning") and row.relief_percent is not None:
        return Need("relief", f"relief {row.relief_percent:.0f} %", days, row.procedure_id)
    if row.ended in ("repeat", "surgery", "death", "moved_away"):
        return Need("open", f"the watch ended: {row.ended.replace('_', ' ')}", days, row.procedure_id)
    return Need("open", "nothing can be said yet", days, row.procedure_id)
