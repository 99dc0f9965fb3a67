"""Plans and contacts on the wire."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.base.http.wire import Instant, JsonObject, Note, RecentDay
from app.record.facts.kinds import FactIn
from app.rules.words import ContactWindow

EXAMPLE: JsonObject = {
    "procedure_id": "0199a3c4-7d00-7a00-8000-000000000004",
    "contact": "weeks_2",
    "done_on": "2025-07-24",
}


class ContactIn(FactIn):
    """A follow-up contact that was made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    procedure_id: UUID
    contact: ContactWindow
    done_on: RecentDay
    note: Note | None = None


class ContactOut(BaseModel):
    """A follow-up contact that was made."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000009",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EXAMPLE,
                "note": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    procedure_id: UUID
    contact: ContactWindow
    done_on: date
    note: str | None = None
    created_at: Instant


class PlanStepOut(BaseModel):
    """What the patient may do, from and to a day."""

    first_on: date
    last_on: date
    says: str


class DueOut(BaseModel):
    """One follow-up contact of the plan."""

    contact: ContactWindow
    first_on: date
    last_on: date
    state: Literal["due", "done", "missed"]
    done_on: date | None


class PlanOut(BaseModel):
    """The advice given at discharge, the steps back to normal, and the follow-up contacts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "procedure_id": "0199a3c4-7d00-7a00-8000-000000000004",
                "advice": ["Rest today and tomorrow."],
                "steps": [{"first_on": "2025-07-10", "last_on": "2025-07-11", "says": "rest; short walks indoors"}],
                "contacts": [
                    {
                        "contact": "days_1_3",
                        "first_on": "2025-07-11",
                        "last_on": "2025-07-13",
                        "state": "done",
                        "done_on": "2025-07-12",
                    }
                ],
            }
        }
    )

    procedure_id: UUID
    advice: list[str]
    steps: list[PlanStepOut]
    contacts: list[DueOut]
