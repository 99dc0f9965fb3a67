"""A patient's whole record as one document: every revision of every row, and of every day of the diary."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.problems import FieldProblem
from app.base.http.wire import Instant, JsonObject, Line, Moment, RecentDay, Wire


def _absent(value: object) -> bool:
    return value is None


FORMAT = "reprieve-record/1"
AT = "2026-05-01T08:30:00.000+00:00"
EXAMPLE: JsonObject = {
    "format": FORMAT,
    "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
    "revisions": [
        {
            "kind": "patient",
            "row_id": "0199a3c4-7d00-7a00-8000-000000000003",
            "number": 1,
            "recorded_at": AT,
            "received_at": AT,
            "account_id": None,
            "reason": None,
            "content": {"name": "Ada Muster", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"},
        }
    ],
    "diary": [
        {
            "date": "2026-05-01",
            "revision": 1,
            "recorded_at": AT,
            "received_at": AT,
            "account_id": None,
            "skew_seconds": None,
            "content": {"pain": [{"region": "lumbar", "side": "left", "average": 4.0}]},
        }
    ],
}


class KeptRevision(Wire):
    """One revision of one row; content null is a deletion."""

    kind: Literal["patient", "procedure", "block", "assessment", "event", "work_up", "contact"]
    row_id: UUID
    number: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    recorded_at: Moment
    received_at: Moment
    account_id: UUID | None = None
    reason: Line | None = None
    content: JsonObject | None
    origin: UUID | None = Field(
        default=None, exclude_if=_absent, description="the row's first id, where it came from elsewhere"
    )


class KeptWriting(Wire):
    """One revision of one day of the diary; content null is a deletion."""

    date: RecentDay
    revision: Annotated[int, Field(ge=1, le=100_000, strict=True)]
    recorded_at: Moment
    received_at: Moment
    account_id: UUID | None = None
    skew_seconds: Annotated[float, Field(ge=-4e9, le=4e9, allow_inf_nan=False, strict=True)] | None = None
    content: JsonObject | None
    opioid_mme: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False, strict=True)] | None = Field(
        default=None, exclude_if=_absent, description="MME of the day, which its medication may not tell"
    )


class RecordIn(Wire):
    """A whole record, as another clinic's export gave it. Accounts of that clinic are not known here and are left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    format: Literal["reprieve-record/1"]
    patient_id: UUID
    exported_at: Moment | None = None
    revisions: Annotated[list[KeptRevision], Field(min_length=1, max_length=20_000)]
    diary: Annotated[list[KeptWriting], Field(max_length=50_000)]


class RecordOut(BaseModel):
    """A patient's whole record: give it to `POST /v1/records` of another clinic."""

    model_config = ConfigDict(json_schema_extra={"example": {**EXAMPLE, "exported_at": AT}})

    format: str
    patient_id: UUID
    exported_at: Instant
    revisions: list[KeptRevision]
    diary: list[KeptWriting]


class ImportedOut(BaseModel):
    """How many facts, days and revisions an import recorded, the patient's id here, and what is to be looked at."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "facts": 4,
                "days": 240,
                "revisions": 260,
                "flags": 0,
                "notes": [],
            }
        }
    )

    patient_id: UUID
    facts: int
    days: int
    revisions: int
    flags: int = Field(description="red flags that were raised")
    notes: list[FieldProblem] = Field(description="what contradicts itself, or was read otherwise than it was written")
