"""What was recorded of a patient beside the diary, kind by kind: each can be added to, corrected, and looked back at."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import RULES
from app.access.audit import service as audit
from app.base.http.deps import DatabaseDep, Now
from app.doors.pages.fact_words import said
from app.doors.pages.forms import FORMS
from app.doors.pages.hub import hub_page
from app.doors.pages.rendering import PageRoute
from app.doors.pages.session import VisitorDep
from app.record.facts import service as facts
from app.record.facts.kinds import AnyKind, Fact, FactIn
from app.record.facts.service import Deleted
from app.record.patients import service as patients
from app.record.revisions.schemas import RevisionOut
from app.rules.words import Role
from app.work.clinic import service as clinics
from app.work.reviews import treatments

router = APIRouter(
    prefix="/clinic/patients/{patient_id:uuid}/treatments", route_class=PageRoute, include_in_schema=False
)
TITLES = {
    "procedures": "Procedures",
    "blocks": "Diagnostic blocks",
    "work_ups": "Work-up",
    "assessments": "Questionnaires",
    "contacts": "Follow-up contacts",
    "events": "Events",
}


@dataclass(frozen=True)
class FactLine:
    """One fact: its day, what it says, and how often it was changed."""

    id: UUID
    on: date
    says: str
    changes: int


@dataclass(frozen=True)
class DeletedLine:
    """A fact that was deleted: what it was, and by whom, when and why it was deleted."""

    title: str
    on: date
    says: str
    at: datetime
    account_id: UUID | None
    reason: str | None


@dataclass(frozen=True)
class Section:
    """The facts of one kind, the newest first."""

    plural: str
    title: str
    new: str
    lines: list[FactLine]
    may_write: bool


@router.get("")
async def treatments_page(
    patient_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    history: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Every fact; of the one that is asked for, what it said before."""
    caller = visitor.caller
    kinds = [form.kind for form in FORMS.values()]
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        found = await facts.of_patient(connection, person.clinic_id, patient_id=patient_id, kinds=kinds)
        wire = {kind.name: await kind.wire(connection, found.of(kind)) for kind in kinds}
        gone = [
            await _deleted(connection, one)
            for one in await facts.deleted_of_patient(connection, person.clinic_id, patient_id=patient_id, kinds=kinds)
        ]
        treated = await treatments.of_patient(connection, person.clinic_id, patient_id)
    await audit.record_read(database, caller, resource="treatments", patient_id=patient_id, now=now)
    sections = [
        _section(plural, found=found.of(FORMS[plural].kind), wire=list(wire[FORMS[plural].kind.name]), role=caller.role)
        for plural in TITLES
    ]
    of: AnyKind | None = next((kind for kind in kinds if any(one.id == history for one in found.of(kind))), None)
    before: list[RevisionOut] = []
    if of is not None and history is not None:
        before = await facts.history(database, caller, kind=of, fact_id=history, now=now)
    told: dict[str, object] = {
        "sections": sections,
        "verdicts": {one.procedure_id: one.says for one in treated},
        "reviews": {one.procedure_id: (one.review_id, one.review_state) for one in treated if one.review_id},
        "deleted": gone,
        "history": history,
        "before": before,
        "staff": {one.id: one.username for one in await clinics.list_colleagues(database, caller)},
    }
    return await hub_page(database, visitor, "treatments.html", person=person, tab="treatments", now=now, told=told)


async def _deleted(connection: AsyncConnection, one: Deleted[FactIn]) -> DeletedLine:
    (body,) = await one.kind.wire(connection, [one.fact])
    title = next(form.title for form in FORMS.values() if form.kind.name == one.kind.name)
    on = one.kind.day_of(one.fact.body)
    return DeletedLine(title, on, said(one.kind.name, body), one.at, one.account_id, one.reason)


def _section(plural: str, *, found: list[Fact[FactIn]], wire: list[BaseModel], role: Role) -> Section:
    form = FORMS[plural]
    kind = form.kind
    lines = [
        FactLine(one.id, kind.day_of(one.body), said(kind.name, body), one.number - 1)
        for one, body in zip(found, wire, strict=True)
    ]
    may_write = (role, kind.action) in RULES
    return Section(plural, TITLES[plural], form.title, lines[::-1], may_write)
