"""Patients on the wire."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Day, Instant, JsonObject, Line, TimeZone, Wire

EXAMPLE: JsonObject = {"name": "Ada Muster", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}


class PatientIn(Wire):
    """A new patient."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    name: Line
    born_on: Day = Field(ge=date(1900, 1, 1), description="not in the future")
    time_zone: TimeZone = Field(description="IANA name; it decides which calendar day it is for the patient")


class PatientChange(Wire):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"time_zone": "America/New_York"}})

    name: Line | None = None
    born_on: Day | None = Field(default=None, ge=date(1900, 1, 1))
    time_zone: TimeZone | None = None
    reason: Line | None = Field(default=None, description="why it is changed")


class PatientOut(BaseModel):
    """A patient of the caller's clinic."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EXAMPLE,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        },
    )

    id: UUID
    name: str
    born_on: date
    time_zone: str
    created_at: Instant
