"""An entry as it goes over the wire, made without a model for each row."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

PARTS = ("pain", "medications", "activity", "interference", "flare_up", "work", "side_effects", "note")
RECALLED_AFTER = timedelta(days=3)  # paper diaries: 90 % claimed, 11 % kept (Stone 2002)


class Writing(Protocol):
    """What is told of a writing: a revision as it is kept, or a row of the diary."""

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
    def content(self) -> dict[str, Any] | None:
        """What it says."""

    @property
    def opioid_mme(self) -> float | None:
        """MME of the day."""


def entry_json(on: date, row: Writing, zone: str, advice: str | None = None) -> dict[str, Any]:
    """The entry of a day; `zone` is the patient's."""
    content = row.content or {}
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


def entry_text(on: date, row: Writing, zone: str) -> str:
    """The same as text, as it is kept beside the day so that a range is only put together."""
    return json.dumps(entry_json(on, row, zone), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def date_of(text: str) -> date:
    """The day of an entry as text: `entry_json` puts it first."""
    return date.fromisoformat(text[9:19])


def is_recalled(on: date, recorded_at: datetime, time_zone: str) -> bool:
    """Whether an entry was written down so long after its day that it is a memory."""
    return recorded_at.astimezone(ZoneInfo(time_zone)).date() - on > RECALLED_AFTER


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
