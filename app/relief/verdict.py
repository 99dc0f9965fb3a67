"""The verdict for one procedure as of one day. Field names are those of the API."""

from dataclasses import dataclass, field
from datetime import date

from .definitions import Response
from .records import Definition, Phase, TreatedSide


@dataclass(frozen=True)
class BaselineFound:
    """Pain 0-10 before, its source (`diary`, `clinic`, `course`, `unknown`), the days behind it; `thin`: fewer than five."""

    pain: float | None
    source: str
    days: int
    thin: bool


@dataclass(frozen=True)
class Current:
    """Estimated level with its 90 % interval and the plain 7-day mean, in points; relief in percent, as modelled from the
    level, and as written in the last seven logged days (within 14)."""

    level: float | None = None
    low: float | None = None
    high: float | None = None
    mean_7d: float | None = None
    relief_percent: float | None = None
    relief_written_percent: float | None = None


@dataclass(frozen=True)
class Spell:
    """A stretch of relief, from its first day to the day of its return; `settled` once the return has stood for 42 days.

    `from_on` is None where it began before the diary did; `days` count to the return or the newest score.
    """

    from_on: date | None
    to_on: date | None
    days: int
    settled: bool


@dataclass(frozen=True)
class Return:
    """Chance that the first spell of relief has ended; the day it did, with its 90 % interval."""

    probability: float
    on: date | None = None
    low: date | None = None
    high: date | None = None


@dataclass(frozen=True)
class Forecast:
    """Chance that a return will have come within 90 days, and the day by which half have returned, with a 90 % interval."""

    return_within_90_days: float
    median_on: date
    low: date
    high: date


@dataclass(frozen=True)
class OpioidChange:
    """Mean MME a day over the 14 days before the procedure and the last 14; None is not known."""

    mme_before: float | None = None
    mme_now: float | None = None
    change_percent: float | None = None
    masked: bool = False


@dataclass(frozen=True)
class StepsChange:
    """Mean steps a day over the 14 days before the procedure and the last 14; None is not known."""

    steps_before: float | None = None
    steps_now: float | None = None


@dataclass(frozen=True)
class Completeness:
    """Days with a score since the procedure, days that could have one, and the longest run without."""

    logged: int
    expected: int
    longest_gap: int


@dataclass(frozen=True)
class Confounder:
    """Something that could mislead: a kind and a sentence with its numbers."""

    kind: str
    says: str


@dataclass(frozen=True)
class Reason:
    """One entry that weighed much, and what it said."""

    date: date
    says: str


@dataclass(frozen=True)
class SideVerdict:
    """One side of a bilateral procedure, judged by its own scores."""

    side: TreatedSide
    phase: Phase
    relief_percent: float | None
    onset_on: date | None
    onset_low: date | None
    onset_high: date | None
    returned: Return
    relief_days: int | None
    held_days: int | None
    spells: list[Spell]


@dataclass(frozen=True)
class DaySeries:
    """One item per calendar day since the procedure; None where the value is not known."""

    date: list[date] = field(default_factory=list)
    average: list[float | None] = field(default_factory=list)
    worst: list[float | None] = field(default_factory=list)
    level: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    relief_percent: list[float | None] = field(default_factory=list)
    return_probability: list[float] = field(default_factory=list)
    phase: list[Phase] = field(default_factory=list)
    opioid_mme: list[float | None] = field(default_factory=list)
    steps: list[float | None] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """The verdict; numbers are rounded for output only after every comparison with a limit."""

    as_of: date
    engine: str
    definition: Definition
    phase: Phase
    response: Response | None
    baseline: BaselineFound
    current: Current
    watched_from: date | None
    onset_on: date | None
    onset_low: date | None
    onset_high: date | None
    returned: Return
    relief_days: int | None
    held_days: int | None
    spells: list[Spell]
    censored: bool
    forecast: Forecast | None
    medication: OpioidChange
    activity: StepsChange
    adherence: Completeness
    confounders: list[Confounder]
    why: list[Reason]
    sides: list[SideVerdict]
    days: DaySeries

    @property
    def failed(self) -> bool:
        """Whether relief never came, as far as the diary tells; it may have fallen silent since."""
        return self.relief_days is None and not self.censored
