"""A clinic's settings on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.access.audit.sealing import LEAST_DAYS
from app.base.http.wire import JsonObject, Line, TimeZone, Wire
from app.rules.words import Role

EXAMPLE: JsonObject = {
    "time_zone": "Europe/Zurich",
    "alarm_budget": 20,
    "phone": "+41 44 000 00 00",
    "emergency_number": "144",
    "jurisdiction": "CH",
    "chain": ["0199a3c4-7d00-7a00-8000-000000000001"],
    "audit_days": 3650,
}


Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
PhoneNumber = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()/.-]{1,38}$")]
EmergencyNumber = Annotated[str, Field(pattern="^[0-9]{2,6}$")]


class ClinicChange(Wire):
    """What is left out stays; null takes a limit away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    name: Line | None = None
    time_zone: TimeZone | None = Field(default=None, description="of the calendar's pages; UTC where null")
    alarm_budget: Annotated[int, Field(ge=0, le=10_000, strict=True)] | None = Field(
        default=None, description="flags that can wait, shown in seven days; null is no limit"
    )
    phone: PhoneNumber | None = Field(default=None, description="what advice tells patients to call")
    emergency_number: EmergencyNumber | None = Field(
        default=None, description="what advice names for an emergency; null is that of the jurisdiction, else 112"
    )
    jurisdiction: Country | None = Field(default=None, description="ISO 3166-1 country, two letters")
    chain: Annotated[list[UUID], Field(max_length=10)] | None = Field(
        default=None, description="accounts of the staff to whom a flag is handed, one after the other"
    )
    audit_days: Annotated[int, Field(ge=LEAST_DAYS, le=36_500, strict=True)] | None = Field(
        default=None, description="how long it is kept who saw what, in days; null is for ever"
    )


class ClinicOut(BaseModel):
    """The caller's clinic."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000002",
                "name": "Back on track",
                **EXAMPLE,
                "shown_in_seven_days": 20,
                "held_back": 3,
            }
        }
    )

    id: UUID
    name: str
    time_zone: str | None
    alarm_budget: int | None
    phone: str | None = None
    emergency_number: str | None = None
    jurisdiction: str | None = None
    chain: list[UUID]
    audit_days: int | None = None
    shown_in_seven_days: int = Field(description="flags that can wait, shown in the last seven days")
    held_back: int = Field(description="flags that the budget holds back now; `GET /v1/flags?held_back=true` has them")


class ColleagueOut(BaseModel):
    """One of the clinic's staff."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000001",
                "username": "clinician",
                "role": "clinician",
                "disabled": False,
            }
        }
    )

    id: UUID
    username: str
    role: Role
    disabled: bool = Field(default=False, description="the account is disabled: they work here no more")
