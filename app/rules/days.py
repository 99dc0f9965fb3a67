"""Days in words."""

from datetime import date


def spoken_day(on: date) -> str:
    """A day with its month in words, such as 20 April 2026, so that day and month can't be confused."""
    return f"{on.day} {on:%B %Y}"
