"""Recording what was read from a file, in one transaction."""

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.audit.service import record_of_command
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.record.diary import service
from app.record.diary.content import EntryContent, PainContent
from app.record.diary.importing.days import DayOfDiary
from app.record.diary.writings import Writing, keep
from app.record.patients.service import Person, by_id, touch
from app.record.procedures.service import of_patient
from app.rules.words import SIDE_OF

if TYPE_CHECKING:
    from app.doors.commands.import_diary import Contents


async def find_patient(
    database: Database, patient_id: UUID, *, region: str | None, laterality: str | None
) -> tuple[Person | None, tuple[str, str] | None]:
    """The patient, and the site that a sheet without one means: the options', or that of the newest procedure."""
    async with database.read() as connection:
        person = await by_id(connection, patient_id)
        if person is None:
            return None, None
        procedures = await of_patient(connection, person.clinic_id, person.id)
    newest = procedures[-1] if procedures else None
    region = region or (newest.region if newest else None)
    laterality = laterality or (newest.laterality if newest else None)
    return person, None if region is None or laterality is None else (region, SIDE_OF[laterality])


async def record(
    database: Database, patient_id: UUID, *, contents: "Contents", site: tuple[str, str] | None
) -> Counter[str]:
    """Keeps every day in one transaction; returns how many were created, changed, unchanged, superseded."""
    writings = [Writing(d.day, _content(d, site), d.mme, d.written) for d in contents.days]
    for _, entry, mme in contents.entries:
        own = service.writing(entry.date, entry)
        writings.append(
            Writing(own.date, own.content, mme if own.opioid_mme is None else own.opioid_mme, own.recorded_at)
        )
    now = utc_now()

    async def work(connection: AsyncConnection) -> Counter[str]:
        person = await by_id(connection, patient_id, lock=True)
        assert person is not None, "read before"
        done = await keep(connection, person, account_id=None, writings=writings, now=now)
        await touch(connection, person.clinic_id, person.id)
        await record_of_command(
            connection, "change", "diary import", clinic_id=person.clinic_id, patient_id=person.id, now=now
        )
        return Counter(one.status for one in done)

    return await database.write(work) if writings else Counter()


def _content(day: DayOfDiary, site: tuple[str, str] | None) -> EntryContent:
    out: EntryContent = {}
    pains: list[PainContent] = []
    for named, (average, worst) in day.pain.items():
        region, side = named or site or ("", "")
        pain: PainContent = {"region": region, "side": side}
        if average is not None:
            pain["average"] = average
        if worst is not None:
            pain["worst"] = worst
        pains.append(pain)
    if pains:
        out["pain"] = pains
    if day.steps is not None:
        out["activity"] = {"steps": day.steps}
    if day.note is not None:
        out["note"] = day.note
    return out
