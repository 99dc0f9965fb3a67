"""Recording and correcting by forms: the same rules, and the same messages, as the API's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from app.access.accounts.permissions import require
from app.answers.eligibility.clinic_policies import known_and_country
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, bad_field, field_problems
from app.base.languages.speaking import day_in_words, say, translated
from app.base.store.database import Database
from app.doors.pages import fact_fields, fields
from app.doors.pages.diary_words import place
from app.doors.pages.fact_fields import TreatedOn, body_of
from app.doors.pages.fields import Field, Values
from app.doors.pages.patient_pages import page_of
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import SHOWN, StepFault
from app.doors.pages.wording import fault, label
from app.doors.pages.wording import spoken as said
from app.record.assessments.service import ASSESSMENT
from app.record.blocks.service import BLOCK
from app.record.contacts.service import CONTACT
from app.record.events.service import EVENT, WORK_UP
from app.record.facts import service as facts
from app.record.facts.kinds import AnyKind
from app.record.patients import service as patients
from app.record.patients.schemas import PatientChange, PatientIn
from app.record.patients.service import Person
from app.record.procedures.service import PROCEDURE
from app.rules.levels import spoken
from app.work.clinic import service as clinics

M = TypeVar("M", bound=BaseModel)
router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class FactForm:
    """A kind of fact that has a form."""

    kind: AnyKind
    title: str
    fields: Callable[[Sequence[TreatedOn]], list[Field]]


@dataclass(frozen=True)
class Correction:
    """Which fact a form corrects, the state that it shows, why somebody would delete it, and why it was not."""

    fact_id: UUID
    tag: str
    delete_reason: str = ""
    not_deleted: Sequence[StepFault] = ()


MEANWHILE = (
    "Somebody has changed this since you opened it. It is shown as it is now; what you had typed stands beside it."
)
REASON = Field("reason", "Why it is corrected", required=True)
FORMS = {
    "procedures": FactForm(PROCEDURE, "a procedure", fact_fields.procedure),
    "blocks": FactForm(BLOCK, "a diagnostic block", fact_fields.block),
    "assessments": FactForm(ASSESSMENT, "a questionnaire", fact_fields.assessment),
    "contacts": FactForm(CONTACT, "a contact", fact_fields.contact),
    "events": FactForm(EVENT, "an event", fact_fields.event),
    "work_ups": FactForm(WORK_UP, "a work-up", fact_fields.work_up),
}


def _add(plural: str, form: FactForm) -> None:
    address = f"/patients/{{patient_id:uuid}}/{plural}"

    async def show(patient_id: UUID, visitor: VisitorDep, *, database: DatabaseDep, now: Now) -> Response:
        require(visitor.caller, form.kind.action)
        return await fact_page(database, visitor, form=form, patient_id=patient_id, now=now)

    async def record(
        patient_id: UUID, request: Request, *, visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
    ) -> Response:
        given = await given_by(request, form.fields(()))
        try:
            new = checked(form.kind.body, body_of(form.kind.name, given))
            answer = await facts.create(
                database, visitor.caller, kind=form.kind, patient_id=patient_id, new=new, once=once, now=now
            )
        except Problem as problem:
            return await fact_page(
                database, visitor, form=form, patient_id=patient_id, now=now, values=given, problem=problem
            )
        if form.kind is PROCEDURE:
            return RedirectResponse(f"/clinic/procedures/{answer.body['id']}", 303)
        return RedirectResponse(f"/clinic/patients/{patient_id}/treatments#{answer.body['id']}", 303)

    router.add_api_route(f"{address}/new", show, methods=["GET"])
    router.add_api_route(address, record, methods=["POST"])


for _plural, _form in FORMS.items():
    _add(_plural, _form)


@router.get("/patients/new")
async def new_patient(visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """The form of a new patient."""
    require(visitor.caller, "create_patient")
    return await _new_patient_page(database, visitor, now=now, values={})


@router.post("/patients")
async def add_patient(
    request: Request, visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
) -> Response:
    """A new patient."""
    given = await given_by(request, fields.patient(()))
    try:
        new = checked(PatientIn, filled_in(given))
        twins = await patients.alike(database, visitor.caller, name=new.name, born_on=new.born_on, now=now)
        if twins and not (await request.form()).get("somebody_else"):
            return await _new_patient_page(database, visitor, now=now, values=given, twins=twins)
        answer = await patients.create(database, visitor.caller, new=new, once=once, now=now)
    except Problem as problem:
        return await _new_patient_page(database, visitor, now=now, values=given, problem=problem)
    return RedirectResponse(f"/clinic/patients/{answer.body['id']}", 303)


@router.get("/patients/{patient_id:uuid}/edit")
async def correct_patient(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """The form of a patient who is on record."""
    require(visitor.caller, "change_patient")
    return await _patient_page(database, visitor, patient_id=patient_id, now=now, values=None, problem=None)


@router.post("/patients/{patient_id:uuid}/edit")
async def corrected_patient(
    patient_id: UUID, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Changes a patient; a language or a payer that was emptied is no longer known."""
    given = await given_by(request, fields.patient(()))
    tag = str((await request.form()).get("tag", "")) or None
    emptied = {name: None for name, value in given.items() if not value}
    try:
        for name in emptied.keys() - set(patients.UNKNOWN_MAY_BE):
            raise bad_field(f"/{name}", "is needed")
        twins = await _others_alike(database, visitor, patient_id=patient_id, given=given, now=now)
        if twins and not (await request.form()).get("somebody_else"):
            return await _patient_page(
                database, visitor, patient_id=patient_id, now=now, values=given, problem=None, twins=twins, tag=tag
            )
        changes = checked(PatientChange, {**filled_in(given), **emptied, "reason": "corrected on the page"})
        await patients.change(database, visitor.caller, patient_id=patient_id, changes=changes, if_match=tag, now=now)
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        kept = None if problem.status == 412 else given  # what an old page holds would undo the new state
        return await _patient_page(
            database, visitor, patient_id=patient_id, now=now, values=kept, problem=problem, typed=given
        )
    return RedirectResponse(f"/clinic/patients/{patient_id}", 303)


async def _others_alike(
    database: Database, visitor: Visitor, *, patient_id: UUID, given: Values, now: datetime
) -> dict[UUID, str]:
    """Who else has the name and the day of birth that were typed, where they are others than those on record."""
    async with database.read() as connection:
        person = await patients.find(connection, visitor.caller, patient_id=patient_id)
    try:
        name, born_on = str(given["name"]), date.fromisoformat(str(given["born_on"]))
    except ValueError:
        return {}
    if (name, born_on) == (person.name, person.born_on):
        return {}
    found = await patients.alike(database, visitor.caller, name=name, born_on=born_on, now=now)
    return {one: called for one, called in found.items() if one != patient_id}


async def given_by(request: Request, asked: list[Field]) -> Values:
    """The values of a form's fields, as they were typed."""
    form = await request.form()
    return {
        f.name: [str(v) for v in form.getlist(f.name)] if f.kind == "boxes" else str(form.get(f.name, "")).strip()
        for f in asked
    }


def filled_in(given: Values) -> dict[str, object]:
    """What was filled in of a form."""
    return {name: value for name, value in given.items() if value not in ("", [])}


def checked(model: type[M], body: Mapping[str, object]) -> M:
    """A form's body as the API takes it.

    Raises:
        Problem: 422 with each field at fault.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise Problem(
            422, "", errors=field_problems(error.errors(include_input=False, include_url=False), "body")
        ) from None


def said_of(
    problem: Problem | None, asked: Sequence[Field], field_of: Callable[[str], str | None] | None = None
) -> dict[str, object]:
    """What is wrong: beside each field that is at fault (`wrong`), and of the whole (`faults`).

    Args:
        field_of: the field of a pointer, where a form's fields are named otherwise than the body's.
    """
    wrong, faults = dict[str, str](), list[str]()
    names = {f.name for f in asked}
    for one in problem.errors if problem else ():
        name, _, rest = one.pointer.strip("/").partition("/")
        meant = (field_of(one.pointer) if field_of else None, name, _numbered(name, rest))
        field = next((n for n in meant if n in names), None)
        if field is None:
            faults.append(f"{label(name)}: {fault(one.detail)}" if name else fault(one.detail))
        else:
            wrong[field] = fault(one.detail)
    if problem is not None and problem.status == 412:
        faults.append(MEANWHILE)
    elif problem is not None and not problem.errors:
        faults.append(said(problem.detail))
    labels = {f.name: f.label for f in asked}
    return {"wrong": wrong, "faults": faults, "wrong_names": [(name, labels[name]) for name in wrong]}


def _numbered(name: str, rest: str) -> str:
    """The field of one item of a list: `items/2` is `item_3`."""
    place = rest.partition("/")[0]
    return f"{name.removesuffix('s')}_{int(place) + 1}" if place.isdigit() else name


async def _new_patient_page(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    values: Values,
    problem: Problem | None = None,
    twins: Mapping[UUID, str] | None = None,
) -> Response:
    asked = await _patient_fields(database, visitor, now)
    status = problem.status if problem else 409 if twins else 200
    return page(
        "form.html",
        visitor,
        status,
        twins=twins,
        form_name="patient",
        title="New patient",
        subject="",
        fields=asked,
        values=values,
        **said_of(problem, asked),
        action="/clinic/patients",
        back="/clinic",
        today=now.date().isoformat(),
    )


async def _patient_page(
    database: Database,
    visitor: Visitor,
    *,
    patient_id: UUID,
    now: datetime,
    values: Values | None,
    problem: Problem | None,
    typed: Values | None = None,
    twins: Mapping[UUID, str] | None = None,
    tag: str | None = None,
) -> Response:
    person = await patients.read(database, visitor.caller, patient_id=patient_id, now=now)
    asked = await _patient_fields(database, visitor, now)
    told: dict[str, object] = {
        "form_name": "patient",
        "title": "Correct a patient",
        "subject": person.name,
        "fields": asked,
        "values": values or {f.name: str(getattr(person, f.name) or "") for f in asked},
        **said_of(problem, asked),
        "action": f"/clinic/patients/{patient_id}/edit",
        "tag": tag or patients.patient_tag(person),
        "twins": twins,
        "yours": typed if problem is not None and problem.status == 412 else {},
        "back": f"/clinic/patients/{patient_id}",
        "today": patients.today_of(person.time_zone, now).isoformat(),
    }
    status = problem.status if problem else 409 if twins else 200
    return await page_of(database, visitor, "form.html", person=person, now=now, status=status, told=told)


async def _patient_fields(database: Database, visitor: Visitor, now: datetime) -> list[Field]:
    usable, _ = await known_and_country(database, visitor.caller.clinic_id)
    zone = (await clinics.read(database, visitor.caller, now)).time_zone or "UTC"
    return fields.patient(usable.values(), zone)


async def treated_on(database: Database, person: Person) -> list[TreatedOn]:
    """The patient's procedures as a form names them, the newest first."""
    async with database.read() as connection:
        of = await facts.of_patient(connection, person.clinic_id, patient_id=person.id, kinds=[PROCEDURE])
    return [
        TreatedOn(
            str(one.id),
            f"{day_in_words(one.body.performed_on)}, "
            f"{place(one.body.laterality, spoken(one.body.joints or []) or one.body.region)}",
        )
        for one in reversed(of.of(PROCEDURE))
    ]


async def fact_page(
    database: Database,
    visitor: Visitor,
    *,
    form: FactForm,
    patient_id: UUID,
    now: datetime,
    values: Values | None = None,
    problem: Problem | None = None,
    corrects: Correction | None = None,
    yours: Values | None = None,
) -> Response:
    """The form of a fact, empty, or with what was typed or is on record and what is wrong with it."""
    person = await patients.read(database, visitor.caller, patient_id=patient_id, now=now)
    if problem is not None and problem.status not in SHOWN:
        raise problem
    treated, held = await treated_on(database, person), str((values or {}).get("procedure_id") or "")
    if corrects is not None and held and held not in {one.id for one in treated}:
        treated = [*treated, TreatedOn(held, say("a procedure that was deleted"))]
    asked, title = form.fields(treated), say("Record {what}", what=translated(form.title))
    action, back = f"/clinic/patients/{patient_id}/{form.kind.plural}", f"/clinic/patients/{patient_id}/treatments"
    more: dict[str, object] = {}
    if corrects is not None:
        asked, title = [*asked, REASON], say("Correct {what}", what=translated(form.title))
        own = f"/clinic/{form.kind.plural}/{corrects.fact_id}"
        if form.kind is PROCEDURE:
            back = own
        action = f"{own}/edit"
        more = {"tag": corrects.tag, "delete": f"{own}/delete", "delete_reason": corrects.delete_reason}
        more["not_deleted"] = corrects.not_deleted
    told: dict[str, object] = {
        "form_name": form.kind.name,
        "title": title,
        "subject": person.name,
        "fields": asked,
        "values": values or {},
        "yours": yours or {},
        **said_of(problem, asked),
        "action": action,
        "back": back,
        "today": patients.today_of(person.time_zone, now).isoformat(),
        **more,
    }
    status = problem.status if problem else 200
    return await page_of(database, visitor, "form.html", person=person, now=now, status=status, told=told)
