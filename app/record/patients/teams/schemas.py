"""Treating teams on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Day, Instant, Line, Wire
from app.rules.words import Role

ONE = "0199a3c4-7d00-7a00-8000-000000000001"
AT = "2026-05-01T08:30:00.000+00:00"


class MemberIn(Wire):
    """One of the staff who treats the patient."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"account_id": ONE}})

    account_id: UUID


class MemberOut(BaseModel):
    """One of the team, or somebody who looks for a time, with the reason that they gave."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": ONE,
                "username": "clinician",
                "role": "clinician",
                "since": AT,
                "until": None,
                "reason": None,
            }
        }
    )

    account_id: UUID
    username: str
    role: Role
    since: Instant
    until: Instant | None = Field(description="of who looks in an emergency; null for one of the team")
    reason: str | None


class BreakGlassIn(Wire):
    """Why somebody outside the team must look."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "called by the emergency department"}}
    )

    reason: Annotated[Line, Field(min_length=10, max_length=200)]


class OutsideOut(BaseModel):
    """A patient whom a team treats that the caller is not of: who it is, and no more."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": ONE, "name": "Ada Muster", "born_on": "1961-04-02"}})

    id: UUID
    name: str
    born_on: Day
