"""A verdict as one flat row: what lists, flags and cohorts read, so that none has to open a verdict's body."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Ended = Literal["return", "no_relief", "repeat", "surgery", "death", "moved_away", "open", "not_judged"]


@dataclass(frozen=True)
class Outcome:
    """What a procedure has come to, as of a day, by one definition.

    Args:
        ended: how the watch ended; `open` while it goes on, `not_judged` where nothing could be concluded.
        relief_days: from the procedure to the return, or to the end of the watch; 0 where relief was never reached.
        probability: that relief has ended, 0 to 1.
        mme_change: percent, against the weeks before the procedure.
        lasting: a side effect has outlasted its usual time.
        contacts: names of the follow-up contacts that were made, separated by spaces.
        joints, nerves: separated by a space, and by a comma and a space.
    """

    as_of: date
    engine: str
    definition: str
    performed_on: date
    region: str
    laterality: str
    technique: str | None
    temperature_c: float | None
    operator: str | None
    joints: str
    nerves: str
    repeat: bool
    block_percent: float | None
    age: int
    phase: str
    response: str | None
    relief_percent: float | None
    onset_on: date | None
    returned_on: date | None
    probability: float
    masked: bool
    mme_change: float | None
    lasting: bool
    ended: Ended
    relief_days: int | None
    logged: int
    expected: int
    last_logged_on: date | None
    contacts: str
