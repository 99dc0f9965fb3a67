"""A patient's documents: reports, the record as files, and its way to another clinic."""

from collections.abc import Awaitable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import StreamingResponse

from app.access.accounts.permissions import RULES
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.idempotency.service import Answer
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.handed import handed_page
from app.doors.pages.hub import hub_page
from app.doors.pages.rendering import PageRoute
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, taken
from app.record.diary import service as diary
from app.record.diary import sheet
from app.record.patients import service as patients
from app.record.whole import export
from app.record.whole.hand_overs import service as hand_overs
from app.record.whole.hand_overs.schemas import HandOverIn, HandOverMadeOut
from app.work.reviews import treatments

router = APIRouter(
    prefix="/clinic/patients/{patient_id:uuid}/documents", route_class=PageRoute, include_in_schema=False
)
MOST_DAYS = 100_000  # of a sheet


class HandOverForm(PageForm):
    """How the patient agreed."""

    agreed: str | None = None


@router.get("")
async def documents_page(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """What can be printed, taken along or handed over."""
    return await _show(database, visitor, patient_id=patient_id, now=now)


@router.get("/record.json")
async def record_file(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """The whole record, as the API gives it."""
    text = await export.export(database, visitor.caller, patient_id=patient_id, as_known_on=None, now=now)
    return Response(text, media_type="application/json", headers=_as_file("record.json"))


@router.get("/diary.csv")
async def diary_sheet(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """The diary as a sheet."""
    rows, _ = await diary.read_range(
        database,
        visitor.caller,
        patient_id=patient_id,
        first=date.min,
        last=date.max,
        limit=MOST_DAYS,
        as_known_on=None,
        now=now,
    )
    lines = (sheet.lines(one.date, one.content, opioid_mme=one.opioid_mme, recorded_at=one.recorded_at) for one in rows)
    return StreamingResponse(
        (text for part in ([sheet.heading()], lines) for text in part),
        media_type="text/csv; charset=utf-8",
        headers=_as_file("diary.csv"),
    )


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}


@router.post("/hand-over")
async def hand_over(
    patient_id: UUID,
    form: Annotated[HandOverForm, Form()],
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    once: SentOnceDep,
) -> Response:
    """A code for another clinic, shown this once."""
    made: list[Answer] = []

    async def step() -> None:
        given = filled(HandOverIn, form)
        made.append(
            await hand_overs.make(database, visitor.caller, patient_id=patient_id, given=given, once=once, now=now)
        )

    def again(problem: Problem) -> Awaitable[Response]:
        typed = Typed("hand_over", form)
        return _show(database, visitor, patient_id=patient_id, now=now, typed=typed, problem=problem)

    back = f"/clinic/patients/{patient_id}/documents"
    answer = await taken(step(), back, again)
    if not made:
        return answer
    told = HandOverMadeOut.model_validate(made[0].body)
    return handed_page(
        visitor,
        title="The record for another clinic",
        path=None,
        code=told.code,
        expires_at=told.expires_at,
        public_url=settings.public_url,
        back=back,
    )


@router.post("/hand-overs/{hand_over_id:uuid}/withdraw")
async def withdraw(
    patient_id: UUID, hand_over_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Makes a code worthless that nobody has used."""
    step = hand_overs.withdraw(database, visitor.caller, patient_id=patient_id, hand_over_id=hand_over_id, now=now)
    return await taken(
        step,
        f"/clinic/patients/{patient_id}/documents",
        lambda problem: _show(database, visitor, patient_id=patient_id, now=now, problem=problem),
    )


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    patient_id: UUID,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
    problem: Problem | None = None,
) -> Response:
    async with database.read() as connection:
        person = await patients.find(connection, visitor.caller, patient_id=patient_id)
        treated = await treatments.of_patient(connection, person.clinic_id, patient_id)
    told: dict[str, object] = {
        "procedures": treated,
        "handed": await hand_overs.list_of(database, visitor.caller, patient_id=patient_id, now=now),
        "may_hand_over": (visitor.caller.role, "hand_over") in RULES,
        "typed": typed,
        "faults": faults_of(problem),
    }
    status = 200 if problem is None else problem.status
    return await hub_page(
        database, visitor, "documents.html", person=person, tab="documents", now=now, status=status, told=told
    )
