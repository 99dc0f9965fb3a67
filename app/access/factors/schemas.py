"""Second factors on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from app.access.factors.tables import FactorKind
from app.base.http.wire import Instant, JsonObject, Line, Wire

ONE = "0199a3c4-7d00-7a00-8000-000000000001"
AT = "2026-05-01T08:30:00.000+00:00"
CODES: list[JsonValue] = ["MZXW-6YTB-OI2D-GNBV", "NB2H-I4DT-HIXS-63LM"]
Name = Annotated[Line, Field(max_length=100)]
Password = Annotated[SecretStr, Field(max_length=1000, description="the account's own, typed again")]
ShownCode = Annotated[str, StringConstraints(max_length=100)]
OPTIONS: JsonObject = {
    "challenge": "Wd0…",
    "rpId": "reprieve.example.org",
    "timeout": 60000,
    "userVerification": "required",
}
CREDENTIAL: JsonObject = {"id": "AbC…", "rawId": "AbC…", "type": "public-key", "response": {"clientDataJSON": "eyJ…"}}


class FactorOut(BaseModel):
    """An authenticator app, or a passkey, of the account."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"id": ONE, "kind": "code", "name": "phone", "created_at": AT, "confirmed": True, "used_at": AT}
        }
    )

    id: UUID
    kind: FactorKind
    name: str
    created_at: Instant
    confirmed: bool = Field(description="false for an app that has not shown yet that it makes the right codes")
    used_at: Instant | None


class FactorsOut(BaseModel):
    """What the account has, and whether its clinic asks for one."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [], "recovery_codes": 0, "required": True}})

    items: list[FactorOut]
    recovery_codes: int = Field(description="how many are left")
    required: bool = Field(description="whether the clinic asks its staff for one; nothing else can be done before")


class CodeFactorIn(Wire):
    """An authenticator app to add."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"password": "correct horse battery", "name": "phone"}}
    )

    password: Password
    name: Name = "authenticator app"


class CodeFactorOut(BaseModel):
    """What the app needs; it counts once a code of it has been shown (`…/confirm`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": ONE,
                "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                "address": "otpauth://totp/Reprieve:clinician?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Reprieve",
                "picture": "<svg …",
            }
        }
    )

    id: UUID
    secret: str = Field(description="to be typed, where no camera can read the picture")
    address: str
    picture: str = Field(description="the address as a QR code, SVG")


class ConfirmIn(Wire):
    """What the app shows now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"code": "123456"}})

    code: ShownCode


class PasswordAgainIn(Wire):
    """The password, typed again before something that matters."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"password": "correct horse battery"}})

    password: Password


class RecoveryCodesOut(BaseModel):
    """Codes to be kept on paper: each stands in once for a second factor. Only this answer shows them."""

    model_config = ConfigDict(json_schema_extra={"example": {"recovery_codes": CODES}})

    recovery_codes: list[str]


class PasskeyBeginOut(BaseModel):
    """What a browser is to do: `navigator.credentials.create` or `.get` with these options, read from JSON."""

    model_config = ConfigDict(json_schema_extra={"example": {"challenge_id": ONE, "options": OPTIONS}})

    challenge_id: UUID = Field(description="good for five minutes, and once")
    options: JsonObject = Field(description="of WebAuthn's own form")


class PasskeyIn(Wire):
    """A passkey that the browser has made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"challenge_id": ONE, "credential": CREDENTIAL, "name": "laptop"}},
    )

    challenge_id: UUID
    credential: dict[str, Any]  # `PublicKeyCredential.toJSON()`, which the library reads
    name: Name = "passkey"


class AddedOut(BaseModel):
    """The factor that was added, and recovery codes where the account had none."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "factor": {
                    "id": ONE,
                    "kind": "passkey",
                    "name": "laptop",
                    "created_at": AT,
                    "confirmed": True,
                    "used_at": None,
                },
                "recovery_codes": CODES,
            }
        }
    )

    factor: FactorOut
    recovery_codes: list[str] = Field(description="only this answer shows them; empty where the account has some")


def of_factor(factor_id: UUID, kind: FactorKind, name: str, *, created_at: datetime, confirmed: bool) -> FactorOut:
    """A factor that has not been used yet."""
    return FactorOut(id=factor_id, kind=kind, name=name, created_at=created_at, confirmed=confirmed, used_at=None)
