"""Patients on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Day, Instant, JsonObject, Line, MailAddress, PhoneNumber, TimeZone, Wire
from app.rules.words import Language

EXAMPLE: JsonObject = {"name": "Ada Muster", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
SPOKEN = "in which the patient is told what to do; null: that of the patient's newest address, else English"

PAYS = "who pays; where a policy bears that name, it is the one that answers for a repeat"
NUMBER = "the clinic's own number of the record (MRN); no two patients of a clinic have one"
REACHED = "where the clinic calls; no message is sent to it"
WRITES = "where the clinic writes; messages go to the addresses that the patient has confirmed"
Payer = Annotated[Line, Field(max_length=60)]
Mrn = Annotated[Line, Field(max_length=40)]


class PatientIn(Wire):
    """A new patient."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    name: Line
    born_on: Day = Field(ge=date(1900, 1, 1), description="not in the future")
    time_zone: TimeZone = Field(description="IANA name; it decides which calendar day it is for the patient")
    language: Language | None = Field(default=None, exclude_if=lambda value: value is None, description=SPOKEN)
    payer: Payer | None = Field(default=None, exclude_if=lambda value: value is None, description=PAYS)
    mrn: Mrn | None = Field(default=None, exclude_if=lambda value: value is None, description=NUMBER)
    phone: PhoneNumber | None = Field(default=None, exclude_if=lambda value: value is None, description=REACHED)
    mail: MailAddress | None = Field(default=None, exclude_if=lambda value: value is None, description=WRITES)


class PatientChange(Wire):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"time_zone": "America/New_York"}})

    name: Line | None = None
    born_on: Day | None = Field(default=None, ge=date(1900, 1, 1))
    time_zone: TimeZone | None = None
    language: Language | None = Field(default=None, description="null: not known")
    payer: Payer | None = Field(default=None, description="null: not known")
    mrn: Mrn | None = Field(default=None, description=f"{NUMBER}; null: none")
    phone: PhoneNumber | None = Field(default=None, description=f"{REACHED}; null: not known")
    mail: MailAddress | None = Field(default=None, description=f"{WRITES}; null: not known")
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
    language: Language | None = Field(default=None, description=SPOKEN)
    payer: str | None = Field(default=None, description=PAYS)
    mrn: str | None = Field(default=None, description=NUMBER)
    phone: str | None = Field(default=None, description=REACHED)
    mail: str | None = Field(default=None, description=WRITES)
    created_at: Instant
