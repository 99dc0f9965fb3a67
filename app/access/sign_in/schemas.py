"""Signing in, on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from app.access.factors.schemas import CREDENTIAL, ONE
from app.base.http.wire import Wire

Device = Annotated[str, Field(max_length=200, description="its name among your sign-ins")]


class SignInForm(BaseModel):
    """The form of OAuth 2 (RFC 6749): a password, or a refresh token; what else a client sends is left aside."""

    grant_type: Literal["password", "refresh_token"] = "password"
    username: Annotated[str, StringConstraints(max_length=1_000_000)] | None = None
    password: SecretStr | None = None
    code: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="of an authenticator app, or a recovery code, where the account has a second factor"
    )
    refresh_token: Annotated[str, StringConstraints(max_length=200)] | None = None
    device: Device | None = None

    @model_validator(mode="after")
    def _has_what_it_says(self) -> "SignInForm":
        needed = ("refresh_token",) if self.grant_type == "refresh_token" else ("username", "password")
        for name in needed:
            if getattr(self, name) is None:
                raise ValueError(f"{name}: is needed")
        return self


class TokenOut(BaseModel):
    """A bearer token, and another to refresh it with, as OAuth 2 answers them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "yJ0k3…",
                "token_type": "bearer",
                "expires_in": 3600,
                "refresh_token": "Zq1…",
            }
        }
    )

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the type's name
    expires_in: int = Field(description="seconds")
    refresh_token: str = Field(description="good once: each answer holds the next. Shown twice, the sign-in ends")


class PasskeySignInIn(Wire):
    """What the browser's passkey answered."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"challenge_id": ONE, "credential": CREDENTIAL}}
    )

    challenge_id: UUID
    credential: dict[str, Any]  # `PublicKeyCredential.toJSON()`, which the library reads
    device: Device | None = None
