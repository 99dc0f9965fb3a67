"""When a patient is reminded to write. Pure."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.rules.words import Phase

QUIET = (time(22), time(7))  # nobody is woken; chosen
WELL_AFTER = timedelta(days=90)  # in relief for so long, a day more or less tells the engine little; chosen
WELL_EVERY = timedelta(days=3)


def is_quiet(at: time) -> bool:
    """Whether a time of the day is one at which nobody is disturbed."""
    return at >= QUIET[0] or at < QUIET[1]


def next_time(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The next instant at which clocks of a zone show a time; one that they skip is an hour later."""
    local = after.astimezone(zone)
    for days in (0, 1, 2):
        due = datetime.combine(local.date() + timedelta(days), at, zone)
        if due > after:
            return due
    raise AssertionError("a day has a time like this")


def is_asked(
    today: date, *, written_on: date | None, last_on: date | None, phase: Phase | None, since_on: date | None
) -> bool:
    """Whether somebody is reminded today.

    Args:
        written_on: the newest day with an entry.
        last_on: the day of the last reminder.
        phase, since_on: where the newest treatment stands, and since when.
    """
    if written_on is not None and written_on >= today:
        return False
    if last_on is not None and last_on >= today:
        return False
    is_well = phase == "relief" and since_on is not None and today - since_on >= WELL_AFTER
    return not is_well or written_on is None or today - written_on >= WELL_EVERY
