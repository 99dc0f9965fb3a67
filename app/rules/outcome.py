"""A verdict as one flat row: what lists, flags and cohorts read, so that none has to open a verdict's body."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from app.rules.days import spoken_day
from app.rules.words import Definition, Laterality, Phase, Region, Response, Technique

End = Literal["repeat", "surgery", "death", "moved_away"]
Ended = Literal["return", "no_relief", "repeat", "surgery", "death", "moved_away", "open", "joined_late", "not_judged"]
CLOSED: dict[End, str] = {"repeat": "repeated", "surgery": "surgery", "death": "death", "moved_away": "moved away"}


@dataclass(frozen=True)
class Outcome:
    """What a procedure has come to, as of a day, by one definition.

    Args:
        ended: how the watch ended; `open` while it goes on, `joined_late` where the diary began too late, in pain, to
            tell whether there was relief, `not_judged` where nothing else could be concluded.
        closed, closed_on: what ended the watch, whether relief held then or not, and its day; None while it goes on.
        newest: whether it is the newest of the patient's procedures that are watched.
        repeat_of, staged_with: the earlier procedure that this one repeats, or is the other half of, by its id.
        baseline_pain: points, that relief is measured against.
        relief_since: the first day of the spell of relief that lasts; None where none does, or it is not known.
        returned_on: the newest return, likely or said; of the first spell of relief where there was one alone.
        spells: how many spells of relief there were.
        relief_days: from the procedure to the first return, or to the end of the watch; 0 where there was no relief.
        held_days: the same from the onset on.
        entered_days: days after the procedure on which the watch began; 0 where no return can have been missed.
        probability: that relief has ended, 0 to 1.
        mme_change: percent, against the weeks before the procedure.
        opioid_rise: the dose has risen, whether scores have or not.
        worse: the level is clearly above that of before.
        function_falls: daily life or work is getting harder, by the diary.
        lasting: a side effect has outlasted its usual time.
        contacts: names of the follow-up contacts that were made, separated by spaces.
        sides: where the sides of a bilateral procedure stand differently, what is said of each; else empty.
        joints, nerves: separated by a space, and by a comma and a space.
    """

    as_of: date
    engine: str
    definition: Definition
    performed_on: date
    region: Region
    laterality: Laterality
    technique: Technique | None
    temperature_c: float | None
    operator: str | None
    joints: str
    nerves: str
    repeat: bool
    repeat_of: UUID | None
    staged_with: UUID | None
    block_percent: float | None
    age: int
    phase: Phase
    response: Response | None
    baseline_pain: float | None
    relief_percent: float | None
    onset_on: date | None
    relief_since: date | None
    returned_on: date | None
    spells: int
    probability: float
    masked: bool
    opioid_rise: bool
    mme_change: float | None
    worse: bool
    function_falls: bool
    lasting: bool
    ended: Ended
    closed: End | None
    closed_on: date | None
    newest: bool
    relief_days: int | None
    held_days: int | None
    entered_days: int
    logged: int
    expected: int
    last_logged_on: date | None
    contacts: str
    sides: str

    @property
    def closed_because(self) -> str | None:
        """What ended the watch, in words; None while it goes on."""
        on = "" if self.closed_on is None else spoken_day(self.closed_on)
        return None if self.closed is None else f"followed until {on}: {CLOSED[self.closed]}"
