"""Reads a whole record from JSON, item by item: one step for tens of megabytes would hold up every other thread."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.base.http.long_json import parts_of
from app.base.http.problems import Problem, field_problems
from app.base.http.wire import Wire
from app.record.whole.schemas import KeptRevision, KeptWriting, RecordIn

W = TypeVar("W", bound=Wire)
MOST_SHOWN = 100  # fields at fault
ITEMS: dict[str, type[Wire]] = {"revisions": KeptRevision, "diary": KeptWriting}


def read_record(raw: bytes) -> RecordIn:
    """A record as it was sent.

    Raises:
        Problem: 400 for what is no JSON object, 413 for an item too long, 422 with a pointer to the fields at fault.
    """
    parts = parts_of(raw, ITEMS)
    found: list[ErrorDetails] = []
    for name, form in ITEMS.items():
        items = parts.get(name)
        if isinstance(items, list):
            parts[name] = [_item(form, one, place=(name, at), found=found) for at, one in enumerate(items)]
    if not found:
        try:
            return RecordIn.model_validate(parts)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False)
    raise Problem(
        422, f"At least {len(found)} at fault in the record.", errors=field_problems(found[:MOST_SHOWN], "body")
    )


def _item(form: type[W], one: object, *, place: tuple[str, int], found: list[ErrorDetails]) -> W | None:
    if len(found) >= MOST_SHOWN:  # what else is at fault would not be told
        return None
    try:
        return form.model_validate(one)
    except ValidationError as error:
        found += [{**e, "loc": (*place, *e["loc"])} for e in error.errors(include_input=False, include_url=False)]
        return None
