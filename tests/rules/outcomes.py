"""Outcomes of somebody in relief, of whom nothing is to be done, to change a field at a time."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from app.rules.outcome import Outcome
from app.rules.plan import CONTACTS

PERFORMED = date(2025, 7, 10)
ON = PERFORMED + timedelta(days=150)
EVERY = " ".join(name for name, _, _ in CONTACTS)
CALM = Outcome(
    as_of=ON,
    engine="relief/3",
    definition="half",
    performed_on=PERFORMED,
    region="lumbar",
    laterality="left",
    technique=None,
    temperature_c=None,
    operator=None,
    joints="L4-5",
    nerves="",
    repeat=False,
    repeat_of=None,
    staged_with=None,
    block_percent=None,
    age=64,
    phase="relief",
    response="responder",
    baseline_pain=7.0,
    relief_percent=71.4,
    onset_on=None,
    relief_since=None,
    returned_on=None,
    spells=1,
    probability=0.02,
    masked=False,
    opioid_rise=False,
    mme_change=None,
    worse=False,
    function_falls=False,
    lasting=False,
    ended="open",
    closed=None,
    closed_on=None,
    newest=True,
    relief_days=150,
    held_days=138,
    entered_days=0,
    logged=150,
    expected=150,
    last_logged_on=ON,
    contacts=EVERY,
    sides="",
)


def outcome(**fields: Any) -> Outcome:
    """An outcome on the 150th day, or on another; the diary goes on to that day where nothing else is said."""
    return replace(CALM, **{"last_logged_on": fields.get("as_of", ON), **fields})


def on_day(day: int, **fields: Any) -> Outcome:
    """An outcome on a day after the procedure."""
    return outcome(as_of=PERFORMED + timedelta(days=day), **fields)
