"""An entry's content as it is stored: the JSON of `EntryIn`, with only the parts that are known."""

from typing import Required

from typing_extensions import TypedDict

from app.rules.words import Region, Side


class PainContent(TypedDict, total=False):
    """Pain at one site; scores 0 to 10."""

    region: Required[str]
    side: Required[str]
    average: float
    worst: float
    now: float


class MedicationContent(TypedDict, total=False):
    """One medication as it was taken."""

    code: str
    name: str
    dose: float
    unit: str
    times: float
    schedule: str


class ActivityContent(TypedDict, total=False):
    """What the patient did."""

    steps: int
    active_minutes: int
    level: str


class SideEffectContent(TypedDict, total=False):
    """One side effect; severity 1 to 4."""

    kind: Required[str]
    severity: int
    region: Region
    side: Side


class MomentContent(TypedDict, total=False):
    """What was noted at one time of the day; `at` in RFC 3339 as the phone wrote it."""

    at: Required[str]
    pain: list[PainContent]
    note: str


class FromMoments(TypedDict):
    """The scores of a site that follow from moments: `average`, `worst`."""

    region: str
    side: str
    scores: list[str]


class EntryContent(TypedDict, total=False):
    """The parts of an entry; one that is absent is not known."""

    pain: list[PainContent]
    moments: list[MomentContent]
    from_moments: list[FromMoments]
    medications: list[MedicationContent]
    activity: ActivityContent
    interference: float
    temperature_c: float
    flare_up: bool
    work: str
    side_effects: list[SideEffectContent]
    note: str
