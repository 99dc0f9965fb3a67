"""An entry as it goes over the wire, made without a model for each row."""

import json
from datetime import UTC, date, datetime
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from app.base.http.wire import JsonObject
from app.record.diary.content import EntryContent
from app.rules.parameters import RECALLED_AFTER

PARTS = (
    "pain",
    "moments",
    "from_moments",
    "medications",
    "activity",
    "interference",
    "temperature_c",
    "flare_up",
    "work",
    "side_effects",
    "note",
)


class ShownRevision(Protocol):
    """What is told of a revision: a stored one, or the entry of a day."""

    @property
    def revision(self) -> int:
        """Its number."""

    @property
    def recorded_at(self) -> datetime:
        """When it was written down."""

    @property
    def received_at(self) -> datetime:
        """When the server got it."""

    @property
    def content(self) -> EntryContent | None:
        """What it says."""

    @property
    def opioid_mme(self) -> float | None:
        """MME of the day."""


def entry_json(on: date, row: ShownRevision, *, zone: str, advice: str | None = None) -> JsonObject:
    """The entry of a day; `zone` is the patient's."""
    content = cast(JsonObject, row.content or {})
    return {
        "date": on.isoformat(),
        **{part: content.get(part) for part in PARTS},
        "recorded_at": instant(row.recorded_at),
        "recalled": is_recalled(on, row.recorded_at, zone),
        "revision": row.revision,
        "received_at": instant(row.received_at),
        "opioid_mme": row.opioid_mme,
        "advice": advice,
    }


def entry_text(on: date, row: ShownRevision, zone: str) -> str:
    """The entry as JSON text; it is stored with its day, so that a range of days is only concatenated."""
    return json.dumps(entry_json(on, row, zone=zone), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def is_recalled(on: date, recorded_at: datetime, time_zone: str) -> bool:
    """Whether an entry was written down more than `RECALLED_AFTER` after its day, in the patient's zone."""
    return recorded_at.astimezone(ZoneInfo(time_zone)).date() - on > RECALLED_AFTER


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
