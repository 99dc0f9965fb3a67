"""Advice at discharge, the steps back to normal activity, and the follow-up contacts.

Rest one or two days, no driving for 24 hours, then back to normal by steps as pain allows; calls on days 1-3, at 2 weeks,
6-8 weeks, 3, 6 and 12 months: usual discharge practice after radiofrequency of facet joints.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

ContactState = Literal["due", "done", "missed"]
ADVICE = (
    "Rest today and tomorrow.",
    "Do not drive for 24 hours.",
    "Soreness for up to two weeks and a burning or numb patch of skin for some weeks are usual.",
    "Go back to your activities by steps, as pain allows. Whether it has helped shows in weeks, not in days.",
)
STEPS = (  # days from, to, what
    (0, 1, "rest; short walks indoors; no driving for 24 hours"),
    (2, 3, "light activity at home; short walks"),
    (4, 7, "usual daily activities, as pain allows; no heavy lifting"),
    (8, 14, "work and exercise by steps, as pain allows"),
    (15, 28, "back to normal"),
)
CONTACTS = (  # name, days from, to
    ("days_1_3", 1, 3),
    ("weeks_2", 11, 18),
    ("weeks_6_8", 42, 56),
    ("months_3", 80, 104),
    ("months_6", 166, 200),
    ("months_12", 345, 395),
)
WINDOWS = {
    "days_1_3": "days 1 to 3",
    "weeks_2": "2 weeks",
    "weeks_6_8": "6 to 8 weeks",
    "months_3": "3 months",
    "months_6": "6 months",
    "months_12": "12 months",
}


@dataclass(frozen=True)
class ActivityStep:
    """What the patient may do between two days, both included."""

    first_on: date
    last_on: date
    says: str


@dataclass(frozen=True)
class Contact:
    """One follow-up contact: its window, whether it was made and when."""

    contact: str
    first_on: date
    last_on: date
    state: ContactState
    done_on: date | None


def steps(performed_on: date) -> list[ActivityStep]:
    """The steps back to normal, with their dates."""
    return [ActivityStep(performed_on + timedelta(a), performed_on + timedelta(b), says) for a, b, says in STEPS]


def contacts(performed_on: date, done: dict[str, date], today: date) -> list[Contact]:
    """The follow-up contacts; one whose window has passed without being made is missed."""
    out = []
    for name, first, last in CONTACTS:
        begins, ends = performed_on + timedelta(first), performed_on + timedelta(last)
        state: ContactState = "done" if name in done else "missed" if today > ends else "due"
        out.append(Contact(name, begins, ends, state, done.get(name)))
    return out
