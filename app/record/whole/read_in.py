"""Reads a whole record from JSON, item by item: one step for tens of megabytes would hold up every other thread."""

import json
import re
from json import JSONDecodeError
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.base.http.problems import Problem, field_problems
from app.base.http.wire import Wire
from app.record.whole.schemas import KeptRevision, KeptWriting, RecordIn

W = TypeVar("W", bound=Wire)
BLANK = re.compile(r"[ \t\r\n]*")
ITEMS: dict[str, type[Wire]] = {"revisions": KeptRevision, "diary": KeptWriting}
_decoder = json.JSONDecoder()


def read_record(raw: bytes) -> RecordIn:
    """A record as it was sent.

    Raises:
        Problem: 400 for what is no JSON, 422 with a pointer to each field at fault.
    """
    try:
        text = raw.decode()
        parts = _object(text) if BLANK.sub("", text[:1_000]).startswith("{") else json.loads(text)
    except JSONDecodeError as error:
        raise Problem(400, f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise Problem(400, "The body is not JSON that can be read.") from None
    found: list[ErrorDetails] = []
    for name, form in ITEMS.items():
        items = parts.get(name) if isinstance(parts, dict) else None
        if isinstance(items, list):
            parts[name] = [_item(form, one, place=(name, at), found=found) for at, one in enumerate(items)]
    if not found:
        try:
            return RecordIn.model_validate(parts)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False)
    raise Problem(422, f"{len(found)} at fault in the record.", errors=field_problems(found[:100], "body"))


def _item(form: type[W], one: object, *, place: tuple[str, int], found: list[ErrorDetails]) -> W | None:
    try:
        return form.model_validate(one)
    except ValidationError as error:
        found += [{**e, "loc": (*place, *e["loc"])} for e in error.errors(include_input=False, include_url=False)]
        return None


def _object(text: str) -> dict[str, object]:
    """The parts of a JSON object; those in `ITEMS` are read one item at a time."""
    out: dict[str, object] = {}
    at = _past(text, 0, "{")
    while text[at : at + 1] != "}":
        name, at = _decoder.raw_decode(text, at)
        at = _past(text, _blank(text, at), ":")
        if name in ITEMS and text[at : at + 1] == "[":
            out[name], at = _list(text, at)
        else:
            out[str(name)], at = _decoder.raw_decode(text, at)
        at = _blank(text, at)
        if text[at : at + 1] != "}":
            at = _past(text, at, ",")
    if _blank(text, at + 1) != len(text):
        raise JSONDecodeError("Extra data", text, at + 1)
    return out


def _list(text: str, at: int) -> tuple[list[object], int]:
    out: list[object] = []
    at = _past(text, at, "[")
    while text[at : at + 1] != "]":
        one, at = _decoder.raw_decode(text, at)
        out.append(one)
        at = _blank(text, at)
        if text[at : at + 1] != "]":
            at = _past(text, at, ",")
    return out, at + 1


def _past(text: str, at: int, sign: str) -> int:
    at = _blank(text, at)
    if text[at : at + 1] != sign:
        raise JSONDecodeError(f"Expecting {sign!r}", text, at)
    return _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return at if found is None else found.end()
