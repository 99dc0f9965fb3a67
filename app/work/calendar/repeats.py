"""The instants that a slot's rule of repetition makes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from app.base.http.problems import bad_field
from app.work.calendar.schemas import SlotIn

MOST = 400  # slots of one rule


def occurrences(new: SlotIn) -> list[datetime]:
    """The instants at which a slot begins: by a rule, at the same time of day through every change of the clocks.

    Raises:
        Problem: 422 for a rule that is not valid, has no end, or makes no slot or too many.
    """
    if new.repeats is None:
        return [new.starts_at.astimezone(UTC)]
    if new.time_zone is None:
        raise bad_field("/time_zone", "is needed with `repeats`: the clocks of which place?")
    zone = ZoneInfo(new.time_zone)
    first = new.starts_at.astimezone(zone).replace(tzinfo=None)
    text = new.repeats.removeprefix("RRULE:").upper()
    if "COUNT=" not in text and "UNTIL=" not in text:
        raise bad_field("/repeats", "has no end; give it COUNT or UNTIL")
    if "UNTIL=" in text:
        text = ";".join(p.rstrip("Z") if p.startswith("UNTIL=") else p for p in text.split(";"))
    try:
        rule = rrulestr(text, dtstart=first)
        found = []
        for at in rule:
            found.append(at.replace(tzinfo=zone).astimezone(UTC))
            if len(found) > MOST:
                raise bad_field("/repeats", f"makes more than {MOST} slots")
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise bad_field("/repeats", "is no rule of RFC 5545, such as FREQ=WEEKLY;COUNT=8") from None
    if not found:
        raise bad_field("/repeats", "makes no slot at all")
    return found
