"""Diaries as NDJSON: an entry a line, as `export` writes them, or with the flat fields of a sheet."""

import json
from collections.abc import Iterator
from datetime import date

from pydantic import ValidationError

from app.base.http.problems import field_problems
from app.base.http.wire import STORED, JsonObject
from app.record.diary.importing.days import Fault
from app.record.diary.importing.table import Row
from app.record.diary.schemas import DatedEntryIn

RECEIVED = ("revision", "received_at", "opioid_mme", "advice", "recalled")  # what the server adds to an entry


def is_ndjson(text: str) -> bool:
    """Whether a file's first character is that of a JSON object."""
    return text.lstrip().startswith("{")


def is_array(text: str) -> bool:
    """Whether a file is one JSON array."""
    return text.lstrip().startswith("[")


def read_entries(text: str, today: date) -> Iterator[tuple[int, DatedEntryIn, float | None] | Row | Fault]:
    """Each line as an entry with its MME, as a row with flat fields, or as a fault."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            yield Fault(number, "is no JSON")
            continue
        if not isinstance(data, dict):
            yield Fault(number, "is no JSON object")
        elif "pain_average" in data or "recorded_on" in data:
            if "recorded_on" not in data and "recorded_at" in data:
                data["recorded_on"] = data["recorded_at"]
            yield Row(number, {name: _cell(value) for name, value in data.items()})
        else:
            yield _entry(number, data, today)


def _entry(number: int, data: JsonObject, today: date) -> tuple[int, DatedEntryIn, float | None] | Fault:
    mme = data.get("opioid_mme")
    if mme is not None and (isinstance(mme, bool) or not isinstance(mme, int | float) or not 0 <= mme <= 10_000):
        return Fault(number, "/opioid_mme: not a number from 0 to 10000")
    try:
        told = {k: v for k, v in data.items() if k not in RECEIVED}
        entry = DatedEntryIn.model_validate(told, context=STORED if _was_kept(data) else None)
    except ValidationError as error:
        first = field_problems(error.errors(include_input=False, include_url=False), "body")[0]
        return Fault(number, f"{first.pointer or '/'}: {first.detail}")
    if entry.date > today:
        return Fault(number, "/date: lies in the future")
    return number, entry, mme


def _was_kept(data: JsonObject) -> bool:
    """Whether a line is an entry that a clinic had accepted: it has what only the server adds."""
    return "received_at" in data or {"opioid_mme", "recorded_at"} <= data.keys()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
