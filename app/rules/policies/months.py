"""Rolling months by the calendar, counted back from a day: 31 August less six months is 28 or 29 February."""

from calendar import monthrange
from datetime import date, timedelta


def months_back(on: date, months: int) -> date:
    """The day so many calendar months before; a day that the month does not have becomes its last."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def earliest_after(last: date, months: int) -> date:
    """The first day on which `months_back` is `last` or later, so that `last` lies outside the rolling window."""
    on = months_back(last, -months)
    while months_back(on, months) < last:
        on += timedelta(days=1)
    return on
