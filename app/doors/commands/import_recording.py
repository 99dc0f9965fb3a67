"""Recording what was read from a file, in one transaction."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.audit.service import event
from app.base.store.database import Database
from app.base.store.metadata import new_id, utc_now
from app.record.diary import service
from app.record.diary.importing.days import DayOfDiary
from app.record.diary.writings import Writing, keep
from app.record.patients.service import patient, today_of, touch
from app.record.procedures.service import of_patient

if TYPE_CHECKING:
    from app.doors.commands.import_diary import Contents

SIDE_OF = {"left": "left", "right": "right", "bilateral": "both"}


@dataclass(frozen=True)
class Person:
    """Whose diary it is."""

    clinic_id: UUID
    id: UUID
    zone: ZoneInfo
    today: date


async def find_patient(
    database: Database, patient_id: UUID, region: str | None, laterality: str | None
) -> tuple[Person | None, tuple[str, str] | None]:
    """The patient, and the site that a sheet without one means: the options', or that of the newest procedure."""
    async with database.read() as connection:
        row = (await connection.execute(select(patient).where(patient.c.id == patient_id))).first()
        if row is None:
            return None, None
        procedures = await of_patient(connection, row.clinic_id, row.id)
    newest = procedures[-1] if procedures else None
    region = region or (newest.region if newest else None)
    laterality = laterality or (newest.laterality if newest else None)
    person = Person(row.clinic_id, row.id, ZoneInfo(row.time_zone), today_of(row.time_zone, utc_now()))
    return person, None if region is None or laterality is None else (region, SIDE_OF[laterality])


async def record(
    database: Database, person: Person, contents: "Contents", site: tuple[str, str] | None
) -> Counter[str]:
    """Keeps every day in one transaction; answers how many were created, changed, unchanged, superseded."""
    writings = [Writing(d.day, _content(d, site), d.mme, d.written) for d in contents.days]
    for _, entry, mme in contents.entries:
        own = service.writing(entry.date, entry)
        writings.append(
            Writing(own.date, own.content, mme if own.opioid_mme is None else own.opioid_mme, own.recorded_at)
        )
    now = utc_now()

    async def work(connection: AsyncConnection) -> Counter[str]:
        query = select(patient).where(patient.c.clinic_id == person.clinic_id, patient.c.id == person.id)
        row = (await connection.execute(query.with_for_update())).one()
        outcomes = await keep(connection, row, None, writings, now)
        await touch(connection, person.clinic_id, person.id)
        await connection.execute(
            insert(event).values(
                clinic_id=person.clinic_id,
                id=new_id(),
                at=now,
                patient_id=person.id,
                action="change",
                resource="diary import",
            )
        )
        return Counter(o.status for o in outcomes)

    return await database.write(work) if writings else Counter()


def _content(day: DayOfDiary, site: tuple[str, str] | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    pains = []
    for named, (average, worst) in day.pain.items():
        region, side = named or site or ("", "")
        scores = {name: value for name, value in (("average", average), ("worst", worst)) if value is not None}
        pains.append({"region": region, "side": side, **scores})
    if pains:
        out["pain"] = pains
    if day.steps is not None:
        out["activity"] = {"steps": day.steps}
    if day.note is not None:
        out["note"] = day.note
    return out
