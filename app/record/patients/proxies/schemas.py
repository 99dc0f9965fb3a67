"""Proxies on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.base.http.wire import Instant, JsonObject, Line, Moment, Wire

ProxyReason = Literal["asked", "minor", "carer"]
AT = "2026-05-01T08:30:00.000+00:00"
ONE = "0199a3c4-7d00-7a00-8000-000000000001"
EXAMPLE: JsonObject = {
    "id": ONE,
    "patient_id": ONE,
    "name": "Lena Muster, daughter",
    "reason": "asked",
    "may_write": True,
    "created_at": AT,
    "until": "2026-11-01T00:00:00.000+00:00",
    "accepted": False,
    "account_id": None,
}


class ProxyIn(Wire):
    """Who may act for the patient, how far, and until when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"name": "Lena Muster, daughter", "may_write": True, "until": "2026-11-01T00:00:00+01:00"}
        },
    )

    name: Line = Field(description="who it is, in the patient's words")
    may_write: StrictBool = Field(default=False, description="whether the diary may be kept for the patient, too")
    until: Moment | None = Field(default=None, description="when it ends; null is until it is ended")
    reason: ProxyReason = Field(
        default="asked", description="`asked` by the patient; `minor` and `carer` are for the staff to say"
    )


class ProxyOut(BaseModel):
    """Somebody who may act for a patient."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    patient_id: UUID
    name: str
    reason: ProxyReason
    may_write: bool
    created_at: Instant
    until: Instant | None
    accepted: bool = Field(description="whether the code was used")
    account_id: UUID | None = Field(description="with which account; null before that")


class ProxyMadeOut(ProxyOut):
    """The same with the code to hand over, which only this answer shows."""

    model_config = ConfigDict(json_schema_extra={"example": {**EXAMPLE, "code": "yJ0k3Fq2c1r8Zs5T"}})

    code: str = Field(description="good once, for two weeks")


class ActsForOut(BaseModel):
    """Whom the caller may act for: send the id in the header `Reprieve-For`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"patient_id": ONE, "name": "Ada Muster", "may_write": True, "until": None}}
    )

    patient_id: UUID
    name: str
    may_write: bool
    until: Instant | None
