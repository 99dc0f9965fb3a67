"""A clinic's provider on the wire."""

from datetime import datetime
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from app.access.lifecycle.schemas import StaffRole
from app.base.http.wire import JsonObject, Line, Wire

MOST = 50  # domains, and values that are mapped to roles
PROVIDER: JsonObject = {
    "issuer": "https://login.clinic.example",
    "client_id": "reprieve",
    "domains": ["clinic.example"],
    "role_claim": "groups",
    "roles": {"reprieve-admins": "admin", "doctors": "clinician"},
    "second_factor": True,
}


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("is no issuer; it is an address without query, such as https://login.clinic.example")
    return value


def _domain(value: str) -> str:
    if "@" in value or "." not in value or value != value.strip(".").lower():
        raise ValueError("is no domain; write clinic.example, in small letters")
    return value


Domain = Annotated[str, StringConstraints(max_length=253), AfterValidator(_domain)]


class ProviderIn(Wire):
    """The provider that the clinic's staff sign in with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {**PROVIDER, "client_secret": "what the provider gave you"}}
    )

    issuer: Annotated[Line, Field(max_length=500), AfterValidator(_issuer)]
    client_id: Annotated[Line, Field(max_length=300)]
    client_secret: Annotated[SecretStr, Field(max_length=1000)] | None = Field(
        default=None, description="left out it stays as it is; a provider may know the service without one"
    )
    domains: Annotated[list[Domain], Field(max_length=MOST)] = Field(
        default=[], description="whose confirmed mail address is of one of these needs no invitation; needs `roles`"
    )
    role_claim: Annotated[Line, Field(max_length=100)] | None = Field(
        default=None, description="the claim whose values are mapped to roles"
    )
    roles: Annotated[dict[Line, StaffRole], Field(max_length=MOST)] | None = Field(
        default=None,
        description="role by value of that claim, the first that fits; applied at each sign-in: who has none is not let in",
    )
    second_factor: bool = Field(
        default=False, description="whether the provider asks for a second factor, so that the clinic need not"
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.role_claim is None) != (not self.roles):
            raise ValueError("role_claim and roles go together")
        if self.domains and not self.roles:
            raise ValueError(
                "domains: without an invitation nothing but roles says what somebody is; give roles as well"
            )
        return self


class ProviderOut(BaseModel):
    """The same without its secret, and where the provider is to send people back to."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                **PROVIDER,
                "has_secret": True,
                "redirect_uri": "https://reprieve.clinic.example/clinic/sign-on/0190c0de-0000-7000-8000-000000000001/back",
                "begins_at": "https://reprieve.clinic.example/clinic/sign-on/0190c0de-0000-7000-8000-000000000001",
                "updated_at": "2026-05-01T12:00:00.000+00:00",
            }
        },
    )

    issuer: str
    client_id: str
    has_secret: bool
    domains: list[str]
    role_claim: str | None
    roles: dict[str, str] | None
    second_factor: bool
    redirect_uri: str = Field(description="to be entered at the provider")
    begins_at: str = Field(description="address at which the clinic's staff sign in with it")
    updated_at: datetime
