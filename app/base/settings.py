"""All settings, from the environment (`REPRIEVE_...`). Nothing else in the service reads the environment."""

from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

LEAST_SECRET = 12  # characters of a token that an operator chooses
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class SettingError(Exception):
    """A setting, the database or the network is wrong; the message is one clear sentence for the operator."""


def async_url(value: SecretStr) -> SecretStr:
    """A database URL with the driver this service uses; `sqlite` and `postgresql` are the two databases.

    Raises:
        ValueError: not a URL, or another database.
    """
    try:
        url = make_url(value.get_secret_value())
    except ArgumentError:
        raise ValueError("not a database URL; write sqlite:///path/to/file.db or postgresql://user@host/name") from None
    kind = url.drivername.split("+")[0]
    if kind not in DRIVERS:
        raise ValueError(f"the database {kind!r} is not supported; use sqlite or postgresql")
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("an SQLite database needs a file, so that acknowledged data survive a restart")
    if url.query.get("pooled", "true") not in ("true", "false") or ("pooled" in url.query and kind == "sqlite"):
        raise ValueError(
            "?pooled= is true or false, where a pooler stands before PostgreSQL; leave it out where none does"
        )
    return SecretStr(url.set(drivername=DRIVERS[kind]).render_as_string(hide_password=False))


def _smtp(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("not a mail server; write smtp://user:password@host:587, or smtps:// for TLS from the start")
    return value


def _collector(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("not the address of a collector; write http://collector:4318")
    return value


def _origins(value: object) -> object:
    if not isinstance(value, str):
        return value
    origins = tuple(filter(None, (one.strip() for one in value.split(","))))
    for one in origins:
        parts = urlsplit(one)
        if parts.scheme not in ("http", "https") or not parts.hostname or one != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("not a list of origins; write https://app.example.org,https://other.example.org")
    return origins


def _is_this_machine(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return (host or "").lower() in ("localhost", "localhost.localdomain")


class Settings(BaseSettings):
    """What an operator can set; each is read from `REPRIEVE_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="REPRIEVE_", extra="ignore")

    database_url: Annotated[SecretStr, AfterValidator(async_url)] = Field(
        default=SecretStr("sqlite:///reprieve.db"),
        validate_default=True,
        description="SQLite file or PostgreSQL server that holds the data; ?pooled=true behind PgBouncer",
    )
    host: str = Field(default="127.0.0.1", description="address that the server listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port that the server listens on; 0 takes a free one")
    token_hours: float = Field(
        default=12, gt=0, le=24 * 90, description="how long the staff stay signed in at most, and patients on pages"
    )
    idle_minutes: float = Field(
        default=60, gt=0, le=60 * 24 * 90, description="how long a page stays signed in that nobody uses"
    )
    phone_days: float = Field(
        default=90, gt=0, le=365, description="how long a patient's phone stays signed in that nobody uses"
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="connections to PostgreSQL a process keeps")
    statement_seconds: float = Field(
        default=30, gt=0, le=3600, description="how long a statement may take on PostgreSQL before it is given up"
    )
    key_file: Path | None = Field(
        default=None,
        description="keys under which names, notes, addresses and secrets are kept; beside an SQLite file where not set",
    )
    pg_tools: Path | None = Field(
        default=None, description="folder of `pg_dump` and `pg_restore`; those of the path where not set"
    )
    worker_seconds: float = Field(
        default=2, ge=0, le=3600, description="pause between rounds of the worker inside a server; 0 leaves it out"
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        pattern=r"^https?://[^\s]+$",
        description="address under which people reach the service; links in messages begin with it",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        default=(),
        description="origins of web apps on other hosts that may call the API, with commas between; none where not set",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp)] | None = Field(
        default=None, description="mail server, `smtp://user:password@host:587` or `smtps://…`; no mail where not set"
    )
    mail_from: str = Field(
        default="reprieve@localhost",
        pattern=r"^[^\s@<>]+@[^\s@<>]+$",
        description="sender of mails, contact of Web Push",
    )
    push_key: SecretStr | None = Field(
        default=None, description="key of Web Push, made by `reprieve push-key`; no Web Push where not set"
    )
    private_targets: bool = Field(
        default=False, description="let webhooks reach hosts that are not public, such as one on its LAN, by http too"
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="bearer token for `/metrics`; without one it answers this machine alone"
    )
    telemetry_url: Annotated[SecretStr, AfterValidator(_collector)] | None = Field(
        default=None,
        description="an OpenTelemetry collector that traces and metrics go to by HTTP, such as http://collector:4318",
    )
    dask: str | None = Field(
        default=None, description="address of a dask scheduler whose workers make verdicts in `reprieve sweep`"
    )
    log_level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="least level that is logged"
    )

    @model_validator(mode="after")
    def _safe_together(self) -> "Settings":
        """Refuses what is weak, and what is safe alone and not beside the rest."""
        public = urlsplit(self.public_url)
        if public.scheme == "http" and not _is_this_machine(public.hostname) and not _is_this_machine(self.host):
            raise ValueError(
                "REPRIEVE_PUBLIC_URL: passwords would go in the clear to an address that others reach; put TLS in front of"
                " it and write https://"
            )
        if public.scheme == "https":
            for origin in self.cors_origins:
                parts = urlsplit(origin)
                if parts.scheme == "http" and not _is_this_machine(parts.hostname):
                    raise ValueError(
                        f"REPRIEVE_CORS_ORIGINS: {origin} is not safe beside an https service; write https://"
                    )
        token = self.metrics_token
        if token is not None and len(token.get_secret_value()) < LEAST_SECRET:
            raise ValueError(
                f"REPRIEVE_METRICS_TOKEN: is weak; give {LEAST_SECRET} characters or more that nobody guesses"
            )
        return self

    @property
    def url(self) -> str:
        """The database URL with its password."""
        return self.database_url.get_secret_value()


@cache
def get_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingError: one sentence that names the variable at fault and never its value.
    """
    try:
        return Settings()
    except ValidationError as e:
        first = e.errors(include_input=False, include_url=False)[0]
        if not first["loc"]:  # of several together: the sentence names one
            raise SettingError(first["msg"].removeprefix("Value error, ")) from None
        name = "REPRIEVE_" + "_".join(str(p) for p in first["loc"]).upper()
        raise SettingError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{path}"
