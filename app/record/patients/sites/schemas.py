"""Sites on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.base.http.wire import JsonObject, Line, PhoneNumber, Wire

SITE: JsonObject = {"name": "Lakeside", "address": "Seestrasse 1, Zurich", "phone": "+41 44 000 00 01"}
SiteName = Annotated[Line, Field(max_length=100)]


class SiteIn(Wire):
    """A place at which the clinic works."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": SITE})

    name: SiteName
    address: Line | None = None
    phone: PhoneNumber | None = None


class SiteChange(Wire):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"closed": True}})

    name: SiteName | None = None
    address: Line | None = Field(default=None, description="null: none")
    phone: PhoneNumber | None = Field(default=None, description="null: none")
    closed: StrictBool | None = Field(default=None, description="a closed site takes no new slots and patients")


class ClinicSiteOut(BaseModel):
    """A site."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"id": "0199a3c4-7d00-7a00-8000-0000000000bb", **SITE, "closed": False}}
    )

    id: UUID
    name: str
    address: str | None = None
    phone: str | None = None
    closed: bool


class SiteOfIn(Wire):
    """The site that a patient belongs to; null takes it away."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"site_id": "0199a3c4-7d00-7a00-8000-0000000000bb"}}
    )

    site_id: UUID | None


class SiteOfOut(BaseModel):
    """The site that a patient belongs to."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"site": {"id": "0199a3c4-7d00-7a00-8000-0000000000bb", **SITE, "closed": False}}}
    )

    site: ClinicSiteOut | None
