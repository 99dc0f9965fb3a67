"""Until when a verdict's outcome, sentence and flags stay as they are where nothing is written."""

from collections.abc import Iterator
from datetime import date, timedelta

from app.relief import Verdict
from app.rules.parameters import KNOWN_FOR, MISSED_FOR
from app.rules.plan import contacts


def holds_to(verdict: Verdict, performed_on: date, *, written: date | None, ends_on: date | None) -> date | None:
    """The last day on which a verdict holds unless something is written; None where it holds for good.

    While the diary speaks, each day may change it. Once it has been silent for so long that nothing is said of today, what
    changes by itself is the plan of follow-up contacts; once the watch has ended, nothing.

    Args:
        performed_on: the day of the procedure.
        written: the newest day that an entry is about, be it of pain or not.
        ends_on: the day on which the watch ends or ended, where it does.
    """
    today = verdict.as_of
    if ends_on is not None and ends_on <= today:
        return None
    if verdict.phase == "settling" or (today - max(written or performed_on, performed_on)).days <= KNOWN_FOR:
        return today
    changes = [*_of_contacts(performed_on, today), *([] if ends_on is None else [ends_on])]
    ahead = min((on for on in changes if on > today), default=None)
    return None if ahead is None else ahead - timedelta(days=1)


def _of_contacts(performed_on: date, today: date) -> Iterator[date]:
    """The days on which a contact becomes due, is missed, and has been missed for so long that it is told no more."""
    for one in contacts(performed_on, {}, today):
        missed = one.last_on + timedelta(days=1)
        yield from (one.first_on, missed, missed + timedelta(days=MISSED_FOR))
