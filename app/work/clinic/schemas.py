"""A clinic's settings on the wire."""

from functools import cache
from importlib.resources import files
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from app.access.audit.sealing import LEAST_DAYS
from app.base.http.wire import Instant, JsonObject, Line, PhoneNumber, TimeZone, Wire
from app.rules.words import Role

EXAMPLE: JsonObject = {
    "time_zone": "Europe/Zurich",
    "alarm_budget": 20,
    "phone": "+41 44 000 00 00",
    "emergency_number": "144",
    "jurisdiction": "CH",
    "chain": ["0199a3c4-7d00-7a00-8000-000000000001"],
    "audit_days": 3650,
    "second_factor": True,
    "treating_teams": False,
}


Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
EmergencyNumber = Annotated[str, Field(pattern="^[0-9]{2,6}$")]


@cache
def countries() -> frozenset[str]:
    """The countries of ISO 3166-1 by their two letters, as the time zones' own data has them."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    return frozenset(line.partition("\t")[0] for line in lines if not line.startswith("#"))


def is_country(code: str) -> str:
    """The code of a country.

    Raises:
        ValueError: no country has it.
    """
    if code not in countries():
        raise ValueError("is no country's; such as CH, DE or US")
    return code


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
    jurisdiction: Annotated[Country, AfterValidator(is_country)] | None = Field(
        default=None, description="ISO 3166-1 country, two letters"
    )
    chain: Annotated[list[UUID], Field(max_length=10)] | None = Field(
        default=None, description="accounts of the staff to whom a flag is handed, one after the other"
    )
    audit_days: Annotated[int, Field(ge=LEAST_DAYS, le=36_500, strict=True)] | None = Field(
        default=None, description="how long it is kept who saw what, in days; null is for ever"
    )
    second_factor: StrictBool | None = Field(
        default=None, description="whether the staff need a second factor; who has none can only add one"
    )
    treating_teams: StrictBool | None = Field(
        default=None, description="whether clinicians see only patients of whose team they are, or who have none"
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
    second_factor: bool = False
    treating_teams: bool = False
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


class NewClinicIn(Wire):
    """A clinic, and the name under which its first admin signs in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "Hillside Practice", "admin": "hillside-admin"}}
    )

    name: Line
    admin: Line


class ClinicMadeOut(BaseModel):
    """A clinic that was made; with the code its admin chooses a password at `POST /v1/resets/{code}`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000002",
                "name": "Hillside Practice",
                "admin_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "code": "yJ0k3Fq2c1r8Zs5T",
                "expires_at": "2026-05-15T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    name: str
    admin_id: UUID
    code: str = Field(description="only this answer shows it; good once, for two weeks")
    expires_at: Instant


class ClinicSizeOut(BaseModel):
    """A clinic as whoever runs the service sees it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000002",
                "name": "Hillside Practice",
                "created_at": "2026-01-15T08:30:00.000+00:00",
                "accounts": 214,
            }
        }
    )

    id: UUID
    name: str
    created_at: Instant
    accounts: int
