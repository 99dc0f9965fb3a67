"""The life of an account on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, model_validator

from app.access.accounts.passwords import NewPassword
from app.base.http.wire import Instant, JsonObject, Line, Wire
from app.rules.words import Role

StaffRole = Literal["clinician", "scheduler", "admin"]
Scope = Literal[
    "read",
    "create_patient",
    "change_patient",
    "change_procedure",
    "write_diary",
    "record_contact",
    "work_flag",
    "work_review",
    "add_slot",
    "confirm",
    "invite",
    "read_audit",
]  # what a key of a machine can be for
SOMEBODY = "0199a3c4-7d00-7a00-8000-000000000001"


class AccountChange(Wire):
    """Whether an account may sign in, and what it is; what is left out stays. Its sign-ins end with every change."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"role": "clinician"}})

    disabled: StrictBool | None = Field(
        default=None, description="true: it can't sign in, its sign-ins end, and nothing more is sent to it"
    )
    role: StaffRole | None = Field(default=None, description="of one of the staff")

    @model_validator(mode="after")
    def _says_something(self) -> "AccountChange":
        if self.disabled is None and self.role is None:
            raise ValueError("give `disabled` or `role`")
        return self


class ClinicAccountOut(BaseModel):
    """An account of the clinic."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": SOMEBODY,
                "username": "clinician",
                "role": "clinician",
                "patient_id": None,
                "disabled": True,
                "second_factor": False,
                "created_at": "2026-01-15T08:30:00.000+00:00",
                "last_sign_in_at": "2026-05-01T08:30:00.000+00:00",
                "sessions": 0,
            }
        }
    )

    id: UUID
    username: str
    role: Role
    patient_id: UUID | None
    disabled: bool
    second_factor: bool = Field(description="whether sign-in asks for more than the password")
    created_at: Instant
    last_sign_in_at: Instant | None = Field(description="null where it never has, or not since this is kept")
    sessions: int = Field(description="sign-ins that have not ended")


class StaffInvitationIn(Wire):
    """Whom the code is for: a role, and where it is given the name to sign in with, which is then not to be chosen."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"role": "scheduler", "username": "sam"}})

    role: StaffRole
    username: Line | None = None


class PendingCodeOut(BaseModel):
    """A code for one of the staff, or for a new password, that nobody has used; the code itself is not kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": SOMEBODY,
                "purpose": "invitation",
                "role": "scheduler",
                "username": "sam",
                "account_id": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
                "expires_at": "2026-05-15T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    purpose: Literal["invitation", "reset"]
    role: StaffRole | None = None
    username: str | None = None
    account_id: UUID | None = None
    created_at: Instant
    expires_at: Instant


class AccountCodeOut(PendingCodeOut):
    """The same with the code, which only this answer shows."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "yJ0k3Fq2c1r8Zs5T",
                "id": SOMEBODY,
                "purpose": "invitation",
                "role": "scheduler",
                "username": "sam",
                "account_id": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
                "expires_at": "2026-05-15T08:30:00.000+00:00",
            }
        }
    )

    code: str


class ResetIn(Wire):
    """The password to sign in with from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"password": "correct horse battery"}})

    password: NewPassword


class PasswordIn(Wire):
    """The password of now, and the one to sign in with from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"password": "the old one", "new_password": "correct horse battery"}},
    )

    password: Annotated[SecretStr, Field(max_length=1000)]
    new_password: NewPassword


class SessionOut(BaseModel):
    """A sign-in that has not ended."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": SOMEBODY,
                "device": "Ada's phone",
                "created_at": "2026-05-01T08:30:00.000+00:00",
                "last_seen_at": "2026-05-01T09:10:00.000+00:00",
                "expires_at": "2026-05-01T20:30:00.000+00:00",
                "factor": "code",
                "current": True,
            }
        }
    )

    id: UUID
    device: str | None = Field(description="what signed in, as it said itself")
    created_at: Instant
    last_seen_at: Instant = Field(description="when it was last used, within five minutes")
    expires_at: Instant = Field(description="when it ends at the latest")
    factor: str | None = Field(description="what was shown beside the password: `code`, `recovery_code`, `passkey`")
    current: bool = Field(description="whether it is the one that asks")


KEY: JsonObject = {
    "id": SOMEBODY,
    "account_id": SOMEBODY,
    "name": "hospital export",
    "scopes": ["read"],
    "created_at": "2026-05-01T08:30:00.000+00:00",
    "expires_at": "2026-07-30T08:30:00.000+00:00",
    "used_at": None,
}


class ApiKeyIn(Wire):
    """A key for a machine: for whom it stands, what it may do, and for how long."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "hospital export", "scopes": ["read"], "days": 90}}
    )

    name: Annotated[Line, Field(max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)] = Field(
        description="what it may do, of what the account may"
    )
    days: Annotated[int, Field(ge=1, le=366, strict=True)] = Field(default=90, description="until it runs out")
    account_id: UUID | None = Field(
        default=None, description="one of the staff, for whom it stands; you where left out"
    )


class ApiKeyOut(BaseModel):
    """A key; what it is itself is not kept."""

    model_config = ConfigDict(json_schema_extra={"example": KEY})

    id: UUID
    account_id: UUID
    name: str
    scopes: list[str]
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None = Field(description="when it was last used, within five minutes")


class ApiKeyMadeOut(ApiKeyOut):
    """The same with the key, to be sent as a bearer token; only this answer shows it."""

    model_config = ConfigDict(json_schema_extra={"example": {**KEY, "key": "rpk_yJ0k3…"}})

    key: str
