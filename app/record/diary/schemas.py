"""The diary on the wire."""

from datetime import date
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationInfo, model_validator

from app.base.http.problems import ProblemDetail
from app.base.http.wire import Instant, JsonObject, Line, Moment, Note, RecentDay, Score, Wire
from app.record.diary.content import EntryContent
from app.record.diary.moments import settled
from app.rules.words import Region, Side, SideEffectKind

MOST_ENTRIES = 1_000
MOST_MOMENTS = 24
ABOUT = {"date", "recorded_at", "sent_at", "based_on", "from_moments"}  # of an entry, and no part of the day
EXAMPLE: JsonObject = {
    "pain": [{"region": "lumbar", "side": "left", "average": 4, "worst": 6, "now": 3}],
    "medications": [{"code": "10689", "dose": 50, "unit": "mg", "times": 2}],
    "activity": {"steps": 4200, "active_minutes": 35, "level": "usual"},
    "interference": 3,
    "side_effects": [{"kind": "numbness", "severity": 1, "region": "lumbar", "side": "left"}],
    "note": "walked the dog",
    "recorded_at": "2026-05-01T21:14:00+02:00",
}


class Pain(Wire):
    """Pain at one site on one day; at least one of the three scores."""

    region: Region
    side: Side = Field(description="`both` where the sides were not told apart")
    average: Score | None = None
    worst: Score | None = None
    now: Score | None = None

    @model_validator(mode="after")
    def _has_a_score(self) -> "Pain":
        if self.average is None and self.worst is None and self.now is None:
            raise ValueError("give at least one of average, worst, now")
        return self


class Medication(Wire):
    """One medication as it was taken: by RxNorm code, or by name where it is in no list."""

    code: Annotated[str, Field(pattern=r"^[0-9]{1,10}$")] | None = None
    name: Line | None = None
    dose: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False, strict=True)] | None = None
    unit: Literal["mg", "mcg", "g", "ml", "mcg/h", "tablet"] | None = None
    times: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False, strict=True)] | None = None
    schedule: Literal["scheduled", "as_needed"] | None = None

    @model_validator(mode="after")
    def _is_named(self) -> "Medication":
        if self.code is None and self.name is None:
            raise ValueError("give a code or a name")
        if self.dose is not None and self.unit is None:
            raise ValueError("unit: a dose needs one")
        return self


class Activity(Wire):
    """What the patient did that day; at least one of the three."""

    steps: Annotated[int, Field(ge=0, le=200_000, strict=True)] | None = None
    active_minutes: Annotated[int, Field(ge=0, le=1_440, strict=True)] | None = None
    level: Literal["rest", "less", "usual", "more"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Activity":
        if self.steps is None and self.active_minutes is None and self.level is None:
            raise ValueError("give at least one of steps, active_minutes, level")
        return self


class SideEffect(Wire):
    """One side effect; severity by function: 1 mild, 2 stops work, 3 stops self-care, 4 danger."""

    kind: SideEffectKind
    severity: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None
    region: Region | None = None
    side: Side | None = None


class MomentIn(Wire):
    """What was noted at one time of the day, such as "now 7, after the garden"."""

    at: Moment = Field(description="in the time of the place where the phone was: its date is the entry's day")
    pain: Annotated[list[Pain], Field(max_length=12)] | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "MomentIn":
        if not self.pain and not self.note:
            raise ValueError("give pain or a note")
        sites = [(p.region, p.side) for p in self.pain or []]
        if len(set(sites)) < len(sites):
            raise ValueError("pain: a site comes twice")
        return self


class ScoresFromMoments(Wire):
    """The scores of a site that follow from the day's moments: nobody gave them."""

    region: Region
    side: Side
    scores: Annotated[list[Literal["average", "worst"]], Field(min_length=1, max_length=2)]


class EntryIn(Wire):
    """One day's entry. A part that is left out is not known; an empty list says "none". One part must be there."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    pain: Annotated[list[Pain], Field(max_length=12)] | None = None
    moments: Annotated[list[MomentIn], Field(max_length=MOST_MOMENTS)] | None = Field(
        default=None,
        description="the day's average (over time, to the nearest half) and worst follow from them where none is given",
    )
    from_moments: Annotated[list[ScoresFromMoments], Field(max_length=12)] | None = Field(
        default=None, description="as an entry shows it; the scores that it names are worked out anew"
    )
    medications: Annotated[list[Medication], Field(max_length=50)] | None = None
    activity: Activity | None = None
    interference: Score | None = None
    temperature_c: Annotated[float, Field(ge=30, le=45, allow_inf_nan=False, strict=True)] | None = Field(
        default=None, description="of the body, in °C; 38 and more is a red flag"
    )
    flare_up: StrictBool | None = Field(default=None, description="whether the patient calls it so, whatever the score")
    work: Literal["working", "off_sick", "no_work_that_day", "not_employed"] | None = None
    side_effects: Annotated[list[SideEffect], Field(max_length=50)] | None = None
    note: Note | None = None
    recorded_at: Moment | None = Field(
        default=None, description="when the patient wrote it down; the instant of receipt where it is left out"
    )
    sent_at: Moment | None = Field(
        default=None, description="the sender's clock when sending; its error is kept but changes no order"
    )
    based_on: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = Field(
        default=None,
        description="the revision that the patient changed (0: the day had no entry): what others have written since in"
        " other parts stays, and a part that both changed is the later writing's. Left out, the whole day is replaced",
    )

    @model_validator(mode="after")
    def _one_part(self, info: ValidationInfo) -> "EntryIn":
        if not self._parts():
            raise ValueError("an entry needs at least one part")
        if self.from_moments and not self.moments:
            raise ValueError("from_moments: there are no moments that scores could follow from")
        instants = [one.at for one in self.moments or []]
        if len(set(instants)) < len(instants):
            raise ValueError("moments: two are of the same instant")
        doubts = self.doubts()
        if doubts and not (info.context or {}).get("stored"):
            raise ValueError(doubts[0])
        sites = [(p.region, p.side) for p in self.pain or []]
        if len(set(sites)) < len(sites):
            raise ValueError("pain: a site comes twice")
        return self

    def doubts(self) -> list[str]:
        """What was accepted once and is refused today, each with the field at fault: it stays readable."""
        found = [
            f"pain/{place}/worst: lies under the average"
            for place, one in enumerate(self.pain or [])
            if one.average is not None and one.worst is not None and one.worst < one.average
        ]
        if self.pain == [] and self._parts() == {"pain"}:
            found.append("pain: an empty list alone says nothing")
        return found

    def _parts(self) -> set[str]:
        """The parts that say something."""
        empty = {"note": "", "moments": []}
        return {n for n, part in self if n not in ABOUT and part is not None and not (n in empty and part == empty[n])}

    def content(self) -> EntryContent:
        """The known parts as JSON values, as they are stored: with the scores that follow from moments."""
        kept = cast(EntryContent, self.model_dump(mode="json", exclude_none=True, exclude={*ABOUT} - {"from_moments"}))
        return settled(kept) if self.moments or self.from_moments else kept

    def notes(self) -> str | None:
        """What is written in words: the day's note, and those of its moments."""
        written = [self.note, *(one.note for one in self.moments or [])]
        return "\n".join(note for note in written if note) or None


class DatedEntryIn(EntryIn):
    """An entry of a batch, with its day."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"date": "2026-05-01", **EXAMPLE}})

    date: RecentDay


class BatchIn(Wire):
    """Many entries in one call; each is taken or rejected on its own."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"entries": [{"date": "2026-05-01", **EXAMPLE}]}}
    )

    entries: Annotated[
        list[object],
        Field(
            min_length=1,
            max_length=MOST_ENTRIES,
        ),
    ]


class EntryOut(BaseModel):
    """The current entry of one day."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "date": "2026-05-01",
                **EXAMPLE,
                "revision": 1,
                "received_at": "2026-05-01T19:14:03.120+00:00",
                "opioid_mme": 20.0,
                "recalled": False,
                "advice": None,
            }
        }
    )

    date: date
    pain: list[Pain] | None
    moments: list[MomentIn] | None = None
    from_moments: list[ScoresFromMoments] | None = Field(
        default=None, description="the scores of `pain` that follow from the moments: the patient did not give them"
    )
    medications: list[Medication] | None
    activity: Activity | None
    interference: float | None
    temperature_c: float | None = None
    flare_up: bool | None = None
    work: str | None = None
    side_effects: list[SideEffect] | None
    note: str | None
    recorded_at: Instant
    recalled: bool = Field(
        default=False, description="written down over three days after its day, in the zone that the patient then had"
    )
    revision: int
    received_at: Instant
    opioid_mme: float | None = Field(description="morphine milligram equivalents that day; null is not known")
    advice: str | None = Field(
        default=None, description="what to do now, where the entry is or may be a red flag, and whom to call"
    )


class EntryRevisionOut(BaseModel):
    """One revision of one day's entry; with `deleted`, the revision that deleted it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "revision": 1,
                "current": True,
                "deleted": False,
                "recorded_at": "2026-05-01T19:14:00.000+00:00",
                "received_at": "2026-05-01T19:14:03.120+00:00",
                "account_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "opioid_mme": 20.0,
                "entry": {k: v for k, v in EXAMPLE.items() if k != "recorded_at"},
            }
        }
    )

    revision: int
    current: bool
    deleted: bool
    recorded_at: Instant
    received_at: Instant
    account_id: str | None
    by_proxy: bool = Field(default=False, description="whether it was written by somebody whom the patient lets write")
    opioid_mme: float | None
    skew_seconds: float | None = Field(default=None, description="how far the sender's clock was behind at sending")
    entry: JsonObject | None


class BatchItem(BaseModel):
    """The result for one entry of a batch, at the same position as in the call."""

    date: str | None
    status: Literal["created", "changed", "unchanged", "superseded", "rejected"]
    revision: int | None = Field(default=None, description="of the writing itself: what a later one is based on")
    current: int | None = Field(
        default=None,
        description="the day's current revision; another than `revision` where others wrote too: read the day",
    )
    advice: str | None = None
    problem: ProblemDetail | None = None


class BatchOut(BaseModel):
    """An answer for each entry, in the order of the call."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [{"date": "2026-05-01", "status": "created", "revision": 1, "current": 1, "advice": None}]
            }
        }
    )

    items: list[BatchItem]
