"""Reminders on the wire."""

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.base.http.wire import Instant, TimeZone, Wire
from app.rules.reminding import QUIET, is_quiet


def _in_the_day(value: str) -> str:
    if is_quiet(time.fromisoformat(value)):
        raise ValueError(f"nobody is reminded between {QUIET[0]:%H:%M} and {QUIET[1]:%H:%M}")
    return value


TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), AfterValidator(_in_the_day)]


class ReminderIn(Wire):
    """When to be reminded."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"at": "20:00", "time_zone": "Europe/Zurich"}}
    )

    at: TimeOfDay
    time_zone: TimeZone = Field(description="by whose clocks: the phone's")


class ReminderOut(BaseModel):
    """The reminder as it is set."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"at": "20:00", "time_zone": "Europe/Zurich", "next_at": "2026-05-01T18:00:00.000+00:00"}
        }
    )

    at: str
    time_zone: str
    next_at: Instant = Field(description="when it comes, where the day is not written by then")


class LaterIn(Wire):
    """For how long to leave me alone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"minutes": 60}})

    minutes: Annotated[int, Field(ge=10, le=720, strict=True)]
