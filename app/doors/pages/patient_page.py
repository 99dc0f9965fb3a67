"""A patient now: the current treatment with its picture, and what waits for somebody; invitation and waiting list."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel

from app.access.accounts.permissions import RULES
from app.access.audit import service as audit
from app.access.lifecycle import clinic_accounts
from app.alerts.flags import service as flags
from app.alerts.flags.listing import FlagQuery, list_flags
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.idempotency.service import Answer
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.typed import values_of
from app.doors.pages.as_shown import ShownForm, require_as_shown, tag_of
from app.doors.pages.handed import handed_page
from app.doors.pages.hub import hub_page
from app.doors.pages.rendering import PageRoute
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, Typed, faults_of, filled, taken
from app.record.facts.death import died_on
from app.record.patients import service as patients
from app.record.patients.invitations import service as invitations
from app.record.patients.invitations.schemas import InvitationOut
from app.rules.levels import spoken
from app.work.calendar import service as calendar
from app.work.calendar import waiting, wishes
from app.work.calendar.deaths import given_up
from app.work.calendar.presence import overtaken_by
from app.work.calendar.schemas import WaitingIn
from app.work.calendar.tables import Waiting
from app.work.reviews import service as reviews
from app.work.reviews import treatments
from app.work.reviews.queue import queue
from app.work.reviews.schemas import QueueIn

router = APIRouter(prefix="/clinic/patients/{patient_id:uuid}", route_class=PageRoute, include_in_schema=False)
KINDS = ("procedure", "consultation")  # of slots


class WaitTime(BaseModel):
    """For how many minutes of a slot a patient waits."""

    minutes: int | None = None


class WaitForm(ShownForm):
    """What a patient waits for; shown with what it was, or with no place on the list for slots of that kind."""

    kind: str | None = None
    minutes: str | None = None
    first_on: str | None = None
    last_on: str | None = None
    note: str | None = None


@router.get("")
async def patient_page(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """What stands about a patient now: the current treatment, and what waits for somebody."""
    return await _show(database, visitor, patient_id=patient_id, now=now)


@router.post("/wait")
async def wait(
    patient_id: UUID,
    form: Annotated[WaitForm, Form()],
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
    once: SentOnceDep,
) -> Response:
    """Puts a patient on the waiting list, or says anew what they wait for; an error is shown on their page, and what was
    typed stays.
    """

    async def step() -> None:
        async with database.read() as connection:
            places = await waiting.of_patient(connection, visitor.caller, patient_id)
        held = next((one for one in places if one.kind == (form.kind or KINDS[0])), None)
        require_as_shown(form.tag, *_shown_of(held))
        more: dict[str, object] = {**filled(WaitTime, form).model_dump(exclude_none=True)}
        if held is not None:  # whom they wait for is not asked here
            more["clinician_id"] = held.clinician_id
        new = filled(WaitingIn, form, patient_id=patient_id, **more)
        await wishes.add(database, visitor.caller, new=new, once=once, now=now)

    def again(problem: Problem) -> Awaitable[Response]:
        typed = Typed(f"wait {form.kind or KINDS[0]}", form).after(problem)
        return _show(database, visitor, patient_id=patient_id, now=now, typed=typed, problem=problem)

    return await taken(step(), f"/clinic/patients/{patient_id}", again)


@router.post("/invite")
async def invite(
    patient_id: UUID, visitor: WriterDep, *, database: DatabaseDep, settings: SettingsDep, now: Now, once: SentOnceDep
) -> Response:
    """A code with which the patient makes an account, shown this once."""
    made: list[Answer] = []

    async def step() -> None:
        made.append(await invitations.invite(database, visitor.caller, patient_id=patient_id, once=once, now=now))

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, patient_id=patient_id, now=now, problem=problem)

    back = f"/clinic/patients/{patient_id}"
    answer = await taken(step(), back, again)
    if not made:
        return answer
    told = InvitationOut.model_validate(made[0].body)
    return handed_page(
        visitor,
        title="An invitation to the diary",
        path="/app#/join/",
        code=told.code,
        expires_at=told.expires_at,
        public_url=settings.public_url,
        back=back,
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
        treated = await treatments.of_patient(connection, person.clinic_id, person.id)
        died = await died_on(connection, person.clinic_id, person.id)
        lost = [] if died else await given_up(connection, visitor.caller, patient_id=patient_id, now=now)
    accounts = await clinic_accounts.of_patient(database, visitor.caller, patient_id=patient_id, now=now)
    await audit.record_read(database, visitor.caller, resource="patient", patient_id=patient_id, now=now)
    told: dict[str, object] = {
        "procedures": [{**vars(one), "levels": spoken(one.joints or [])} for one in treated],
        "may_record": (visitor.caller.role, "change_procedure") in RULES,
        "may_wait": died is None and (visitor.caller.role, "work_review") in RULES,
        "may_invite": died is None and (visitor.caller.role, "invite") in RULES,
        "has_account": bool(accounts),
        "lost": lost,
        "typed": typed,
        "faults": faults_of(problem),
        **await _asked_now(database, visitor, patient_id, now=now),
    }
    status = 200 if problem is None else problem.status
    return await hub_page(database, visitor, "patient.html", person=person, tab="", now=now, status=status, told=told)


def _shown_of(held: Waiting | None) -> tuple[object, ...]:
    """What a form for a place on the waiting list shows."""
    return () if held is None else (held.id, held.minutes, held.first_on, held.last_on, held.note)


async def _asked_now(database: Database, visitor: Visitor, patient_id: UUID, *, now: datetime) -> dict[str, object]:
    """What waits for somebody: open flags and reviews, and the appointments to come."""
    asked = FlagQuery(patient_id=patient_id)
    open_flags, _ = await list_flags(database, visitor.caller, asked, limit=50, cursor=None, now=now)
    open_reviews, _ = await queue(database, visitor.caller, QueueIn(patient_id=patient_id), offset=0, now=now)
    booked = await calendar.to_come(database, visitor.caller, patient_id, now=now)
    async with database.read() as connection:
        away = {one.id: await overtaken_by(connection, one.clinic_id, appointment_id=one.id, now=now) for one in booked}
        waits = await waiting.of_patient(connection, visitor.caller, patient_id)
    return {
        "flags": [
            {**values_of(one), "tag": flags.tag_of(one), "late": one.state == "open" and one.due_at <= now}
            for one in open_flags
            if one.kind != flags.RED or one.severity == "later"  # others stand on top
        ],
        "may_work": (visitor.caller.role, "work_flag") in RULES,
        "waits": waits,
        "wishes": [(one.kind, one, tag_of(*_shown_of(one))) for one in waits]
        + [(kind, None, tag_of()) for kind in KINDS if kind not in {one.kind for one in waits}],
        "reviews": [reviews.out(one, now) for one in open_reviews],
        "appointments": booked,
        "away": away,
    }
