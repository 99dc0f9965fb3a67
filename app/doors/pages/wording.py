"""Sentences of the API as a page says them: days and instants read one way, and no id stands among the words."""

import re
from datetime import date

from app.answers.verdicts.sentence import spoken_day

DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
INSTANT = re.compile(r"\b(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:\+00:00|Z)")
ID = re.compile(r" ?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


DONE = {
    "book": "booked",
    "cancel": "cancelled",
    "decide": "decided",
    "move": "moved",
    "propose": "proposed",
    "reopen": "opened again",
    "unbook": "to be booked again",
    "work": "worked on",
}


def done(step: str) -> str:
    """A step as what has been done."""
    return DONE.get(step, step.replace("_", " "))


def spoken(text: object) -> str:
    """A sentence with its days as "20 April 2026" and its instants as "20 April 2026, 07:30 UTC"."""
    plain = INSTANT.sub(lambda found: f"{_day(found[1])}, {found[2]} UTC", ID.sub("", str(text)))
    return DAY.sub(lambda found: _day(found[0]), plain)


def _day(text: str) -> str:
    return spoken_day(date.fromisoformat(text))
