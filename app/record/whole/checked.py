"""Checks a whole record from elsewhere before anything is written, and gives its rows ids of this clinic.

Ids of another clinic may be somebody else's here: they are kept beside the new ones as `origin`. Pure, so that it runs in a
thread of its own: a record may hold tens of thousands of entries.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from app.base.http.problems import FieldProblem, Problem, bad_field, field_problems
from app.base.http.wire import STORED, JsonObject, Wire
from app.base.store.metadata import new_id
from app.record.diary.door import Incoming, check_day, check_moments, incoming, spoken_of
from app.record.diary.schemas import EntryIn
from app.record.diary.writings import Writing
from app.record.patients.schemas import PatientIn
from app.record.patients.service import Person, check_past, today_of
from app.record.whole.kinds import KINDS
from app.record.whole.schemas import KeptRevision, KeptWriting, RecordIn

W = TypeVar("W", bound=Wire)


@dataclass(frozen=True)
class RowState:
    """A revision of a row under its id of this clinic; no body is a deletion."""

    place: int
    told: KeptRevision
    id: UUID
    body: Wire | None


@dataclass(frozen=True)
class CheckedRecord:
    """A record whose shape, times and days are right; `notes` says what was read otherwise than it was written."""

    person: Person
    origin: UUID
    states: list[RowState]
    entries: list[Incoming]
    notes: list[FieldProblem]


def checked(new: RecordIn, *, clinic_id: UUID, now: datetime) -> CheckedRecord:
    """The record as it comes in.

    Raises:
        Problem: 422 with a pointer to what is not valid.
    """
    _check_order(new)
    _check_times(new, now)
    kinds = {one.row_id: one.kind for one in new.revisions}
    ids = {old: new_id() for old in sorted(kinds)}  # in their old order: it breaks ties between rows of one day
    states = [_state(one, place, kinds=kinds, ids=ids) for place, one in enumerate(new.revisions)]
    person, origin = _person(states, clinic_id=clinic_id, now=now)
    for state in states:
        if state.told.kind != "patient" and state.body is not None:
            kind = KINDS[state.told.kind]
            with inside(f"/revisions/{state.place}/content"):
                check_past(kind.day, kind.day_of(state.body), person=person, now=now)
    notes: list[FieldProblem] = []
    zones = [(s.told.received_at, s.body.time_zone) for s in states if isinstance(s.body, PatientIn)]
    entries = [
        _entry(told, place, person=_then(person, zones, told.received_at), now=now, notes=notes)
        for place, told in enumerate(new.diary)
    ]
    spoken = spoken_of([(one.writing.date, None if one.entry is None else one.entry.notes()) for one in entries])
    entries = [replace(one, spoken=signs) for one, signs in zip(entries, spoken, strict=True)]
    return CheckedRecord(person, origin, states, entries, notes)


@contextmanager
def inside(pointer: str) -> Iterator[None]:
    """Problems of a part name it by its place in the record."""
    try:
        yield
    except Problem as problem:
        for one in problem.errors:
            one.pointer, one.where = pointer + one.pointer, "body"
        raise


def _check_order(new: RecordIn) -> None:
    """Revisions of a row count up from 1 and come in order; so do those of a day."""
    last: dict[tuple[str, UUID], int] = {}
    kinds: dict[UUID, str] = {}
    for place, one in enumerate(new.revisions):
        key = one.kind, one.row_id
        if one.number != last.get(key, 0) + 1:
            raise bad_field(f"/revisions/{place}/number", "revisions of a row count up from 1, in order")
        if kinds.setdefault(one.row_id, one.kind) != one.kind:
            raise bad_field(f"/revisions/{place}/row_id", "is the id of a row of another kind")
        if one.kind == "patient" and (one.row_id != new.patient_id or one.content is None):
            raise bad_field(f"/revisions/{place}", "is no state of the patient of this record")
        last[key] = one.number
    if ("patient", new.patient_id) not in last:
        raise bad_field("/revisions", "hold no state of the patient")
    for name, kind in KINDS.items():
        if sum(key[0] == name for key in last) > kind.most:
            raise bad_field("/revisions", f"hold over {kind.most} {kind.plural.replace('_', ' ')}")
    days: dict[date, int] = {}
    for place, told in enumerate(new.diary):
        if told.revision != days.get(told.date, 0) + 1:
            raise bad_field(f"/diary/{place}/revision", "writings about a day count up from 1, in order")
        days[told.date] = told.revision


def _check_times(new: RecordIn, now: datetime) -> None:
    """Nothing was received after now: such a revision would never be followed by another."""
    told = [(f"/revisions/{place}/received_at", one.received_at) for place, one in enumerate(new.revisions)]
    told += [(f"/diary/{place}/received_at", one.received_at) for place, one in enumerate(new.diary)]
    told += [] if new.exported_at is None else [("/exported_at", new.exported_at)]
    for pointer, at in told:
        if at > now:
            raise bad_field(pointer, "lies in the future")


def _state(one: KeptRevision, place: int, *, kinds: Mapping[UUID, str], ids: Mapping[UUID, UUID]) -> RowState:
    body: Wire | None = None
    if one.content is not None:
        form: type[Wire] = PatientIn if one.kind == "patient" else KINDS[one.kind].body
        with inside(f"/revisions/{place}/content"):
            body = _under_new_ids(_valid(form, one.content), kinds, ids)
    return RowState(place, one, ids[one.row_id], body)


def _under_new_ids(body: W, kinds: Mapping[UUID, str], ids: Mapping[UUID, UUID]) -> W:
    """The body, with the ids that the rows it names have here."""
    named = {name: value for name, value in body if isinstance(value, UUID)}
    for name, value in named.items():
        if kinds.get(value) != name.removesuffix("_id"):
            raise bad_field(f"/{name}", "names no such row of this record")
    return body.model_copy(update={name: ids[value] for name, value in named.items()})


def _person(states: list[RowState], *, clinic_id: UUID, now: datetime) -> tuple[Person, UUID]:
    of_patient = [one for one in states if one.told.kind == "patient"]
    first, last = of_patient[0].told, of_patient[-1]
    shown = last.body
    assert isinstance(shown, PatientIn)
    if shown.born_on > today_of(shown.time_zone, now):
        raise bad_field(f"/revisions/{last.place}/content/born_on", "lies in the future")
    person = Person(
        clinic_id=clinic_id,
        id=last.id,
        name=shown.name,
        born_on=shown.born_on,
        time_zone=shown.time_zone,
        language=shown.language,
        payer=shown.payer,
        mrn=shown.mrn,
        phone=shown.phone,
        mail=shown.mail,
        version=len(of_patient),
        record_version=1,
        created_at=first.received_at,
    )
    return person, last.told.origin or last.told.row_id


def _then(person: Person, zones: list[tuple[datetime, str]], at: datetime) -> Person:
    """The patient with the time zone of that instant: who has moved since wrote by other clocks."""
    known = [zone for since, zone in zones if since <= at]
    return replace(person, time_zone=known[-1] if known else zones[0][1])


def _entry(told: KeptWriting, place: int, *, person: Person, now: datetime, notes: list[FieldProblem]) -> Incoming:
    with inside(f"/diary/{place}"):
        check_day(told.date, told.recorded_at, person=person, now=now, kept_elsewhere=True)
    entry: EntryIn | None = None
    if told.content == {} and told.opioid_mme is None:
        says = "says nothing; taken as no entry"
        notes.append(FieldProblem(where="body", pointer=f"/diary/{place}/content", detail=says))
    elif told.content is not None:
        with inside(f"/diary/{place}/content"):
            entry = _valid(EntryIn, told.content or as_dose(told.opioid_mme or 0.0))
            check_moments(told.date, entry)
        for doubt in entry.doubts():
            name, _, says = doubt.partition(": ")
            pointer = f"/diary/{place}/content/{name}"
            notes.append(FieldProblem(where="body", pointer=pointer, detail=f"{says}; kept, for it was accepted once"))
    came = (
        Incoming(None, Writing(told.date, None, None, None))
        if entry is None
        else incoming(told.date, entry, spoken=frozenset())
    )
    own = came.writing.opioid_mme
    kept = replace(
        came.writing,
        recorded_at=told.recorded_at,
        received_at=told.received_at,
        skew_seconds=told.skew_seconds,
        opioid_mme=told.opioid_mme if own is None else own,
    )
    return replace(came, writing=kept)


def as_dose(mme: float) -> JsonObject:
    """The content of a day of which only its morphine equivalents are known."""
    dose: JsonObject = {"name": "opioids, as morphine", "dose": mme, "unit": "mg", "times": 1}
    return {"medications": [dose] if mme > 0 else []}


def _valid(form: type[W], content: JsonObject) -> W:
    try:
        return form.model_validate(content, context=STORED)
    except ValidationError as e:
        found = field_problems(e.errors(include_input=False, include_url=False), "body")
        raise Problem(422, f"{len(found)} at fault in the record.", errors=found) from None
