"""A batch of entries: each is read, and taken or refused, on its own."""

from datetime import date

from pydantic import ValidationError

from app.base.http.long_json import parts_of
from app.base.http.problems import Problem, field_problems
from app.record.diary.door import Incoming, incoming, spoken_of
from app.record.diary.schemas import BatchIn, BatchItem, DatedEntryIn
from app.record.diary.writings import Recorded


def read_batch(raw: bytes) -> tuple[list[DatedEntryIn | BatchItem], dict[int, Incoming]]:
    """The entries of a batch, and how each is recorded, by its identity.

    Raises:
        Problem: 422 for what is no batch.
    """
    try:
        batch = BatchIn.model_validate(parts_of(raw, {"entries"}))
    except ValidationError as error:
        found = field_problems(error.errors(include_input=False, include_url=False), "body")
        count = f"{len(found)} field is" if len(found) == 1 else f"{len(found)} fields are"
        raise Problem(422, f"{count} at fault.", errors=found) from None
    parsed = [_parse(item) for item in batch.entries]
    good = [one for one in parsed if isinstance(one, DatedEntryIn)]
    spoken = spoken_of([(one.date, one.notes()) for one in good])
    return parsed, {id(one): incoming(one.date, one, spoken=signs) for one, signs in zip(good, spoken, strict=True)}


def _parse(raw: object) -> DatedEntryIn | BatchItem:
    try:
        return DatedEntryIn.model_validate(raw)
    except ValidationError as e:
        found = field_problems(e.errors(include_input=False, include_url=False), "body")
        return BatchItem(
            date=_day_named(raw),
            status="rejected",
            problem=Problem(422, f"{len(found)} at fault in this entry.", errors=found).body(),
        )


def _day_named(raw: object) -> str | None:
    """The day that a refused entry is about; what is no day is not repeated: people type what they should not."""
    named = raw.get("date") if isinstance(raw, dict) else None
    try:
        return date.fromisoformat(named).isoformat() if isinstance(named, str) else None
    except ValueError:
        return None


def answered(entry: DatedEntryIn, outcome: Recorded, advice: str | None) -> BatchItem:
    """What is answered of an entry that was taken."""
    return BatchItem(
        date=entry.date.isoformat(),
        status=outcome.status,
        revision=outcome.revision,
        current=outcome.current.revision,
        advice=advice,
    )
