"""Recording what was read from a file, in one transaction, by the door that every entry comes in by."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.problems import Problem, field_problems
from app.base.http.wire import JsonObject
from app.base.store.database import Database
from app.doors.commands.chosen_patient import ChosenPatient, find
from app.doors.commands.import_file import Contents
from app.record.diary.door import EntriesTaken, Incoming, check_entry, incoming, take_in
from app.record.diary.importing.days import DayOfDiary, Fault
from app.record.diary.schemas import DatedEntryIn
from app.record.patients.service import Person, by_id
from app.record.procedures.service import of_patient
from app.record.whole.checked import as_dose
from app.rules.words import SIDE_OF, Laterality, Region


async def find_patient(
    database: Database, chosen: ChosenPatient, *, region: Region | None, laterality: Laterality | None
) -> tuple[Person, tuple[str, str] | None]:
    """The patient, and the site that a sheet without one means: the options', or that of the newest procedure."""
    async with database.read() as connection:
        person = await find(connection, chosen)
        procedures = await of_patient(connection, person.clinic_id, person.id)
    newest = procedures[-1] if procedures else None
    region = region or (newest.region if newest else None)
    laterality = laterality or (newest.laterality if newest else None)
    return person, None if region is None or laterality is None else (region, SIDE_OF[laterality])


def to_record(contents: Contents, person: Person, now: datetime) -> Iterator[Incoming | Fault]:
    """Every day of a file as an entry, checked as those of a phone are, or the fault of its line."""
    for day in contents.days:
        yield _checked(day.line, _body(day), mme=day.mme, person=person, now=now)
    for line, entry, mme in contents.entries:
        yield _checked(line, entry, mme=mme, person=person, now=now)


async def record(database: Database, person: Person, *, entries: list[Incoming], now: datetime) -> EntriesTaken:
    """Takes every entry in, in one transaction."""

    async def work(connection: AsyncConnection) -> EntriesTaken:
        (held,) = await by_id(connection, person.id, clinic_id=person.clinic_id, lock=True)
        return await take_in(connection, None, author=None, person=held, entries=entries, now=now)

    return await database.write(work)


def _checked(
    line: int, body: JsonObject | DatedEntryIn, *, mme: float | None, person: Person, now: datetime
) -> Incoming | Fault:
    try:
        entry = DatedEntryIn.model_validate(body)
        check_entry(entry.date, entry, person=person, now=now, where="body")
    except ValidationError as error:
        first = field_problems(error.errors(include_input=False, include_url=False), "body")[0]
        return Fault(line, f"{first.pointer or '/'}: {first.detail}")
    except Problem as problem:
        return Fault(line, f"{problem.errors[0].pointer}: {problem.errors[0].detail}")
    return incoming(entry.date, entry, mme)


def _body(day: DayOfDiary) -> JsonObject:
    out: JsonObject = {"date": day.day.isoformat()}
    pains: list[JsonObject] = []
    for site, (average, worst) in day.pain.items():
        region, side = site or ("", "")
        scores = {"average": average, "worst": worst}
        pains.append({"region": region, "side": side, **{k: v for k, v in scores.items() if v is not None}})
    if pains:
        out["pain"] = [*pains]
    if day.steps is not None:
        out["activity"] = {"steps": day.steps}
    if day.temperature is not None:
        out["temperature_c"] = day.temperature
    if day.note is not None:
        out["note"] = day.note
    if len(out) == 1 and day.mme is not None:  # a day of which nothing but the dose is known
        out |= as_dose(day.mme)
    if day.written is not None:
        out["recorded_at"] = day.written.isoformat()
    return out
