"""When a patient is asked for a questionnaire: PEG before the treatment, and in the windows of the follow-up. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.plan import CONTACTS

WITHOUT = {"days_1_3", "weeks_2"}  # windows in which function is not asked for: it can't have changed yet
HOLDS = timedelta(days=28)  # how long an answer before the treatment holds
SKIPPED = timedelta(days=1)


@dataclass(frozen=True)
class AskedForm:
    """A questionnaire to answer, and until when."""

    kind: str
    until: date


def asked_form(today: date, performed_on: date | None, answered: Iterable[date]) -> AskedForm | None:
    """PEG, where it is due and has not been answered in its window.

    Args:
        performed_on: of the newest treatment, also one to come; None where none is known.
        answered: the days on which PEG was answered.
    """
    if performed_on is None or today < performed_on:
        recent = any(today - HOLDS <= day <= today for day in answered)
        until = today + HOLDS if performed_on is None else performed_on - SKIPPED
        return None if recent else AskedForm("peg", until)
    for name, first, last in CONTACTS:
        begins, ends = performed_on + timedelta(first), performed_on + timedelta(last)
        if name not in WITHOUT and begins <= today <= ends:
            return None if any(begins <= day <= ends for day in answered) else AskedForm("peg", ends)
    return None
