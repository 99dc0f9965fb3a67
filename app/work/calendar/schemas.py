"""The calendar on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from app.base.http.wire import Day, Instant, JsonObject, Line, Moment, TimeZone, Wire
from app.rules.appointments import AppointmentState

SLOT: JsonObject = {
    "clinician_id": "0199a3c4-7d00-7a00-8000-00000000000c",
    "starts_at": "2026-06-02T09:00:00+02:00",
    "minutes": 45,
    "location": "Main building",
    "room": "Room 2",
    "device": "generator 1",
}
ABSENCE: JsonObject = {
    "clinician_id": "0199a3c4-7d00-7a00-8000-00000000000c",
    "first_on": "2026-12-24",
    "last_on": "2026-12-27",
    "reason": "holiday",
}
PlaceName = Annotated[Line, Field(max_length=60), AfterValidator(lambda name: " ".join(name.split()))]
OVERRULE = "why a clash or an absence is accepted; an admin's alone"


class SlotIn(Wire):
    """Bookable time; with `repeats` every occurrence of the rule becomes a slot, at the same time of day by the zone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": SLOT})

    clinician_id: UUID
    starts_at: Moment
    minutes: Annotated[int, Field(ge=5, le=480, strict=True)]
    location: Line
    kind: Literal["procedure", "consultation"] = "procedure"
    room: PlaceName | None = Field(default=None, description="one appointment at a time takes place in it")
    site_id: UUID | None = Field(default=None, description="at which of the clinic's sites; the room is one of it")
    device: PlaceName | None = Field(default=None, description="what it needs, such as a fluoroscope or a generator")
    overrule: Line | None = Field(default=None, description=OVERRULE)
    repeats: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="RFC 5545 rule, such as FREQ=WEEKLY;COUNT=8; at most 400 slots"
    )
    time_zone: TimeZone | None = Field(default=None, description="of the place; goes with `repeats`")


class SlotOut(BaseModel):
    """A slot."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-00000000000d",
                **SLOT,
                "starts_at": "2026-06-02T07:00:00.000+00:00",
                "kind": "procedure",
                "site_id": None,
                "free": True,
                "closed": False,
                "away": False,
                "overruled": None,
                "also": [],
                "left_out": [],
            }
        }
    )

    id: UUID
    clinician_id: UUID
    starts_at: Instant
    minutes: int
    location: str
    kind: Literal["procedure", "consultation"]
    room: str | None = None
    site_id: UUID | None = None
    device: str | None = None
    free: bool
    closed: bool = False
    away: bool = Field(
        default=False, description="its clinician is away then or works here no more, or the clinic is closed"
    )
    overruled: str | None = Field(
        default=None,
        description="why an admin accepts that it overlaps another, or lies in an absence; null for patients",
    )
    also: list[UUID] = Field(default_factory=list, description="ids of the other slots that the rule has made")
    left_out: list[Instant] = Field(
        default_factory=list,
        description="when the rule has made none: the clinician is away, the clinic is closed, or the clocks go forward",
    )


class AbsenceIn(Wire):
    """Days on which a clinician is away; without a clinician the whole clinic is closed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ABSENCE})

    clinician_id: UUID | None = Field(default=None, description="who; the whole clinic where left out")
    first_on: Day = Field(description="first day, by the clinic's clocks")
    last_on: Day = Field(description="last day; at most a year after the first")
    reason: Line


class AbsenceOut(BaseModel):
    """An absence, with the appointments that are booked in it and have to be moved."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000034",
                **ABSENCE,
                "appointments": ["0199a3c4-7d00-7a00-8000-00000000000e"],
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    clinician_id: UUID | None
    first_on: date
    last_on: date
    reason: str
    appointments: list[UUID] = Field(description="ids of the appointments to come that lie in it, the next first")
    created_at: Instant


class SlotChange(Wire):
    """What changes about a slot."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"closed": True}})

    closed: StrictBool | None = Field(default=None, description="a closed slot can't be booked")
    location: Line | None = None
    room: PlaceName | None = Field(default=None, description="null: none")
    site_id: UUID | None = Field(default=None, description="null: none")
    device: PlaceName | None = Field(default=None, description="null: none")


class ReasonIn(Wire):
    """A reason."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "the patient is ill"}})

    reason: Line


class MoveIn(ReasonIn):
    """The new slot of an appointment, and why it is moved."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"slot_id": "0199a3c4-7d00-7a00-8000-00000000000d", "reason": "illness"}},
    )

    slot_id: UUID
    overrule: Line | None = Field(default=None, description=OVERRULE)


class OtherTimeOut(BaseModel):
    """A time to which a patient may move an appointment."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "slot_id": "0199a3c4-7d00-7a00-8000-00000000000d",
                "starts_at": "2026-06-02T07:00:00.000+00:00",
                "minutes": 45,
                "location": "Theatre 2",
                "room": None,
            }
        },
    )

    slot_id: UUID
    starts_at: Instant
    minutes: int
    location: str
    room: str | None


class AttendanceIn(Wire):
    """What became of an appointment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"step": "arrive"}})

    step: Literal["arrive", "finish", "miss", "undo"] = Field(
        description="the patient arrived, it is over, or the patient did not come; `undo` takes that back"
    )
    note: Line | None = None


class AppointmentIn(Wire):
    """Books a slot for a patient without a review, such as for a consultation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "slot_id": "0199a3c4-7d00-7a00-8000-00000000000d",
            }
        },
    )

    patient_id: UUID
    slot_id: UUID
    overrule: Line | None = Field(default=None, description=OVERRULE)


class AppointmentOut(BaseModel):
    """A booking of a slot."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-00000000000e",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "slot_id": "0199a3c4-7d00-7a00-8000-00000000000d",
                "review_id": None,
                "state": "booked",
                "reason": None,
                "starts_at": "2026-06-02T07:00:00.000+00:00",
                "minutes": 45,
                "location": "Main building",
                "kind": "procedure",
                "room": "Room 2",
                "device": "generator 1",
                "late": False,
                "clinician_id": "0199a3c4-7d00-7a00-8000-00000000000c",
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        },
    )

    id: UUID
    patient_id: UUID
    slot_id: UUID
    review_id: UUID | None
    state: AppointmentState
    reason: str | None
    starts_at: Instant
    minutes: int
    location: str
    kind: Literal["procedure", "consultation"] = "procedure"
    room: str | None = None
    device: str | None = None
    clinician_id: UUID
    created_at: Instant
    late: bool = Field(default=False, description="cancelled in the last 24 hours before it")


WAITING: JsonObject = {
    "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
    "kind": "procedure",
    "minutes": 45,
    "first_on": "2026-06-01",
    "last_on": None,
    "clinician_id": None,
    "note": "mornings only",
}


class WaitingIn(Wire):
    """The kind of slot that a patient waits for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": WAITING})

    patient_id: UUID
    kind: Literal["procedure", "consultation"] = "procedure"
    minutes: Annotated[int, Field(ge=5, le=480, strict=True)] = 30
    first_on: Day | None = Field(default=None, description="first day that would do, in the patient's calendar")
    last_on: Day | None = Field(default=None, description="last day that would do")
    clinician_id: UUID | None = Field(default=None, description="with whom; anybody where left out")
    note: Line | None = None


class WaitingOut(BaseModel):
    """A patient on the waiting list, and the next free slots that would fit."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000032",
                **WAITING,
                "state": "waiting",
                "waiting_days": 12,
                "fits": [],
                "created_at": "2026-05-01T08:30:00.000+00:00",
                "offered_slot_id": None,
                "offered_until": None,
                "offered": None,
            }
        }
    )

    id: UUID
    patient_id: UUID
    kind: Literal["procedure", "consultation"]
    minutes: int
    first_on: date | None
    last_on: date | None
    clinician_id: UUID | None
    note: str | None = Field(description="the staff's to each other; null for patients")
    state: Literal["waiting", "booked", "withdrawn"]
    waiting_days: int
    fits: list[SlotOut]
    created_at: Instant
    offered_slot_id: UUID | None = Field(default=None, description="a freed slot that is kept for the patient")
    offered_until: Instant | None = Field(default=None, description="by when the patient answers")
    offered: SlotOut | None = Field(default=None, description="that slot, with its time and place")


class FeedOut(BaseModel):
    """The secret address of a feed; it is shown once."""

    model_config = ConfigDict(json_schema_extra={"example": {"url": "/v1/calendar/q3Zk….ics"}})

    url: str
