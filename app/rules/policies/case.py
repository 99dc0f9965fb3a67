"""The evaluator's input about one patient: plain data, numbers with their intervals; nothing of other patients."""

from dataclasses import dataclass, field
from datetime import date

from app.rules.words import Laterality, Region, Side, Technique


@dataclass(frozen=True)
class Session:
    """A procedure that was done: its id, day, region, laterality and joints (None: not recorded)."""

    id: str
    on: date
    region: Region
    laterality: Laterality
    joints: frozenset[str] | None


@dataclass(frozen=True)
class Block:
    """A diagnostic block: its id, day, side, region, joints, agent, pain just before, and pain after so many minutes."""

    id: str
    on: date
    side: Side
    region: Region
    joints: frozenset[str]
    agent: str
    before: float
    after: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 % interval; `evidence` is where it comes from."""

    value: float
    low: float
    high: float
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReliefHeld:
    """The day from which relief counts, and the day `until` which it held, with its interval `low` to `high`.

    `open` means that no end is known: relief held at least to `until`.
    """

    since: date
    until: date
    low: date
    high: date
    open: bool
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class FunctionGain:
    """Gain of function in percent, before and after on the same scale (0 is best); with its evidence."""

    percent: float
    scale: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A proposed repeat of one patient, and what is on record; None is not known.

    Args:
        proposed_on, region, laterality, joints: what is proposed.
        sessions: every procedure done before.
        blocks: every diagnostic block.
        relief: percent while relief held after the last procedure at the site.
        lasted: how long it held.
        gain: function, before and after.
        pain_now: level with its interval, points.
        technique, temperature_c: of the procedure that would be repeated.
        pain_since: since when there has been pain, by the work-up.
        care: what was tried before, by the work-up: treatment and weeks (None: not said); None where nothing is recorded.
    """

    proposed_on: date
    region: Region
    laterality: Laterality
    joints: frozenset[str] | None
    sessions: tuple[Session, ...] = ()
    blocks: tuple[Block, ...] = ()
    relief: Estimate | None = None
    lasted: ReliefHeld | None = None
    gains: tuple[FunctionGain, ...] = field(default_factory=tuple)
    pain_now: Estimate | None = None
    technique: Technique | None = None
    temperature_c: float | None = None
    pain_since: date | None = None
    care: tuple[tuple[str, float | None], ...] | None = None

    def at_site(self, same_levels: bool = False) -> list[Session]:
        """Earlier sessions in the region that share a side and, with `same_levels`, a level; oldest first.

        Levels that are not recorded count as shared.
        """
        found = [
            s
            for s in self.sessions
            if s.on < self.proposed_on and s.region == self.region and self.shares_side(s.laterality)
        ]
        if same_levels:
            found = [s for s in found if s.joints is None or self.joints is None or s.joints & self.joints]
        return sorted(found, key=lambda s: (s.on, s.id))

    def shares_side(self, other: Laterality) -> bool:
        """Whether a session has a side in common with what is proposed."""
        return other == self.laterality or "bilateral" in (other, self.laterality)
