"""The patient list, and the page of a patient."""

from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from app.access.accounts.permissions import RULES
from app.access.audit import service as audit
from app.answers.verdicts.service import kept
from app.answers.verdicts.triage import NEEDS
from app.base.http.deps import DatabaseDep, Now
from app.doors.pages import patient_list
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import VisitorDep
from app.record.patients import service as patients
from app.record.procedures import service as procedures
from app.rules.levels import spoken

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
REGIONS = ("cervical", "thoracic", "lumbar", "sacroiliac")
AnyRegion = Literal["", "cervical", "thoracic", "lumbar", "sacroiliac"]


@router.get("")
async def patients_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    q: Annotated[str, Query(max_length=200)] = "",
    need: str = "",
    region: AnyRegion = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Who needs a look first, and why."""
    wanted = need if need in NEEDS else None
    q = q.strip().replace("\x00", "")
    listing = await patient_list.read(database, visitor.caller, q, wanted, region or None, page_number, now)

    def address(number: int) -> str:
        asked = {"q": q, "need": wanted or "", "region": region, "page": number}
        return "/clinic?" + urlencode({k: v for k, v in asked.items() if v})

    return page(
        "patients.html", visitor, listing=listing, needs=NEEDS, regions=REGIONS, q=q, need=wanted, region=region,
        page=page_number, first=patient_list.PAGE * (page_number - 1) + 1, address=address,
        may_write=(visitor.caller.role, "create_patient") in RULES)  # fmt: skip


@router.get("/patients/{patient_id:uuid}")
async def patient_page(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """A patient with her procedures."""
    async with database.read() as connection:
        person = await patients.find(connection, visitor.caller, patient_id)
        rows = await procedures.of_patient(connection, person.clinic_id, person.id)
        said = select(kept.c.procedure_id, kept.c.says).where(
            kept.c.clinic_id == person.clinic_id,
            kept.c.procedure_id.in_([row.id for row in rows]),
            kept.c.definition == "half",
        )
        says = {row.procedure_id: row.says for row in (await connection.execute(said)).all()}
    await audit.record_read(database, visitor.caller, "patient", patient_id, now)
    shown = [{**row._asdict(), "levels": spoken(row.joints or []), "says": says.get(row.id)} for row in reversed(rows)]
    may_record = (visitor.caller.role, "change_procedure") in RULES
    may_wait = (visitor.caller.role, "work_review") in RULES
    return page("patient.html", visitor, person=person, procedures=shown, may_record=may_record, may_wait=may_wait)
