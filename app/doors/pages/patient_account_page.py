"""How a patient signs in, what they agreed to, who acts for them and who treats them; and the erasure of a patient."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from app.access.accounts.permissions import RULES, Action
from app.access.audit import search
from app.access.audit.search import AuditQuery
from app.access.lifecycle import clinic_accounts, codes
from app.access.lifecycle.schemas import AccountCodeOut
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.idempotency.service import NO_KEY, Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown
from app.doors.pages.handed import handed_page
from app.doors.pages.hub import hub_page
from app.doors.pages.rendering import PageRoute
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, taken
from app.record.patients import service as patients
from app.record.patients.consents import service as consents
from app.record.patients.consents.schemas import ConsentIn
from app.record.patients.invitations import service as invitations
from app.record.patients.proxies import service as proxies
from app.record.patients.proxies.schemas import ProxyIn, ProxyMadeOut
from app.record.patients.sites import service as sites
from app.record.patients.sites.schemas import SiteOfIn, SiteOfOut
from app.record.patients.teams import service as teams
from app.record.patients.teams.schemas import MemberIn
from app.record.whole.erase import erase
from app.rules.consents import CONSENT_KINDS, newest, text_of
from app.rules.words import Language
from app.work.calendar.local_times import midnight
from app.work.calendar.schemas import ReasonIn
from app.work.clinic import service as clinics
from app.work.reminders import service as reminders

router = APIRouter(prefix="/clinic/patients/{patient_id:uuid}/account", route_class=PageRoute, include_in_schema=False)
LOOKED = 15  # events that the page shows


class ProxyForm(PageForm):
    """Who acts for the patient."""

    name: str | None = None
    reason: str = "asked"
    may_write: str | None = None
    until: str | None = None


class BelongsForm(ShownForm):
    """The site that a patient belongs to; empty, none."""

    site_id: str | None = None


class EraseForm(PageForm):
    """Why a patient is erased, and the name once more."""

    reason: str | None = None
    name: str = ""


@router.get("")
async def account_page(patient_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """All of it."""
    return await _show(database, visitor, patient_id=patient_id, now=now)


@router.post("/ask")
async def ask(patient_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Asks the patient to write this week."""
    step = reminders.ask_to_log(database, visitor.caller, patient_id=patient_id, now=now)
    return await _stepped(database, visitor, step, patient_id=patient_id, now=now)


@router.post("/consent")
async def consent(
    patient_id: UUID, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
) -> Response:
    """Records a yes or a no for each kind that was asked on paper."""
    said = await request.form()

    async def step() -> None:
        if all(said.get(kind) not in ("yes", "no") for kind in CONSENT_KINDS):
            raise bad_field("/consent", "is needed: nothing was chosen")
        for kind in CONSENT_KINDS:
            if said.get(kind) in ("yes", "no"):
                new = ConsentIn(kind=kind, version=newest(kind), given=said.get(kind) == "yes")
                own = NO_KEY if once.key is None else IdempotentCall(f"{once.key} {kind}", once.fingerprint)
                await consents.record(database, visitor.caller, patient_id=patient_id, new=new, once=own, now=now)

    return await _stepped(database, visitor, step(), patient_id=patient_id, now=now)


@router.post("/proxies")
async def let(
    patient_id: UUID,
    form: Annotated[ProxyForm, Form()],
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    once: SentOnceDep,
) -> Response:
    """Lets somebody act for the patient; the code is shown this once."""
    made: list[Answer] = []

    async def step() -> None:
        async with database.read() as connection:
            person = await patients.find(connection, visitor.caller, patient_id=patient_id)
        given = ProxyIn.model_validate(
            {
                "name": form.name,
                "reason": form.reason,
                "may_write": form.may_write is not None,
                "until": _end_of(form.until, person.time_zone),
            }
        )
        made.append(await proxies.let(database, visitor.caller, patient_id=patient_id, new=given, once=once, now=now))

    answer = await _stepped(database, visitor, step(), patient_id=patient_id, now=now, typed=Typed("proxy", form))
    if not made:
        return answer
    told = ProxyMadeOut.model_validate(made[0].body)
    return handed_page(
        visitor,
        title="A code for who acts for the patient",
        path="/app#/join/",
        code=told.code,
        expires_at=told.created_at + timedelta(days=14),
        public_url=settings.public_url,
        back=_address(patient_id),
    )


def _end_of(day: str | None, zone: str) -> str | None:
    """The end of a day as an instant; what is no day is left for the check that names the field."""
    if day is None:
        return None
    try:
        return midnight(datetime.fromisoformat(day).date() + timedelta(days=1), zone).isoformat()
    except (ValueError, OverflowError):
        return day


@router.post("/proxies/{proxy_id:uuid}/end")
async def end_proxy(patient_id: UUID, proxy_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Ends that somebody acts for the patient."""
    step = proxies.end(database, visitor.caller, patient_id=patient_id, proxy_id=proxy_id, now=now)
    return await _stepped(database, visitor, step, patient_id=patient_id, now=now)


@router.post("/site")
async def set_site(
    patient_id: UUID, form: Annotated[BelongsForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """The site that the patient belongs to."""

    async def step() -> None:
        held = await sites.of_patient(database, visitor.caller, patient_id=patient_id, now=now)
        require_as_shown(form.tag, _id_of(held))
        given = SiteOfIn.model_validate({"site_id": form.site_id})
        await sites.set_of_patient(database, visitor.caller, patient_id=patient_id, site_id=given.site_id, now=now)

    return await _stepped(database, visitor, step(), patient_id=patient_id, now=now)


@router.post("/team")
async def join_team(
    patient_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now, account_id: Annotated[str, Form()] = ""
) -> Response:
    """One more of the staff treats the patient."""

    async def step() -> None:
        given = MemberIn.model_validate({"account_id": account_id})
        await teams.add(database, visitor.caller, patient_id=patient_id, account_id=given.account_id, now=now)

    return await _stepped(database, visitor, step(), patient_id=patient_id, now=now)


@router.post("/team/{account_id:uuid}/remove")
async def leave_team(
    patient_id: UUID, account_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """One of the staff treats the patient no more."""
    step = teams.remove(database, visitor.caller, patient_id=patient_id, account_id=account_id, now=now)
    return await _stepped(database, visitor, step, patient_id=patient_id, now=now)


@router.post("/{account_id:uuid}/end")
async def end_sessions(
    patient_id: UUID, account_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Signs the patient out everywhere."""

    async def step() -> None:
        await _require_theirs(database, visitor, patient_id, account_id=account_id, now=now)
        await clinic_accounts.end_sessions(database, visitor.caller, account_id=account_id, now=now)

    return await _stepped(database, visitor, step(), patient_id=patient_id, now=now)


@router.post("/{account_id:uuid}/devices/{session_id:uuid}/end")
async def end_device(
    patient_id: UUID, account_id: UUID, session_id: UUID, visitor: WriterDep, *, database: DatabaseDep, now: Now
) -> Response:
    """Signs the patient out on one device."""

    async def step() -> None:
        await _require_theirs(database, visitor, patient_id, account_id=account_id, now=now)
        await clinic_accounts.end_device(
            database, visitor.caller, account_id=account_id, session_id=session_id, now=now
        )

    return await _stepped(database, visitor, step(), patient_id=patient_id, now=now)


@router.post("/{account_id:uuid}/reset")
async def reset(
    patient_id: UUID,
    account_id: UUID,
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    once: SentOnceDep,
) -> Response:
    """A code for a new password, shown this once."""
    await _require_theirs(database, visitor, patient_id, account_id=account_id, now=now)
    made = await codes.reset(database, visitor.caller, account_id=account_id, once=once, now=now)
    told = AccountCodeOut.model_validate(made.body)
    return handed_page(
        visitor,
        title="A new password",
        path="/clinic/reset#",
        code=told.code,
        expires_at=told.expires_at,
        public_url=settings.public_url,
        back=_address(patient_id),
    )


@router.post("/erase")
async def erase_patient(
    patient_id: UUID, form: Annotated[EraseForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Erases the patient, whose name was typed once more."""

    async def step() -> None:
        async with database.read() as connection:
            person = await patients.find(connection, visitor.caller, patient_id=patient_id, action="erase")
        why = filled(ReasonIn, form)
        if form.name.casefold() != person.name.casefold():
            raise bad_field("/name", "is not the name of this patient")
        await erase(database, visitor.caller, patient_id=patient_id, reason=why.reason, now=now)

    return await _stepped(
        database, visitor, step(), patient_id=patient_id, now=now, typed=Typed("erase", form), then="/clinic"
    )


async def _require_theirs(
    database: Database, visitor: Visitor, patient_id: UUID, *, account_id: UUID, now: datetime
) -> None:
    held = await clinic_accounts.of_patient(database, visitor.caller, patient_id=patient_id, now=now)
    if all(one.id != account_id for one in held):
        raise Problem(404, "There is no such account.")


def _address(patient_id: UUID) -> str:
    return f"/clinic/patients/{patient_id}/account"


async def _stepped(
    database: Database,
    visitor: Visitor,
    step: Awaitable[object],
    *,
    patient_id: UUID,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
    then: str | None = None,
) -> Response:
    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, patient_id=patient_id, now=now, typed=typed, problem=problem)

    return await taken(step, then or _address(patient_id), again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    patient_id: UUID,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
    problem: Problem | None = None,
) -> Response:
    caller = visitor.caller

    def may(action: Action) -> bool:
        return (caller.role, action) in RULES

    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        invited = await invitations.good_until(connection, person.clinic_id, person.id, now=now)
    language = cast(Language, person.language or "en")
    looked = AuditQuery(patient_id=patient_id)
    accounts = await clinic_accounts.of_patient(database, caller, patient_id=patient_id, now=now)
    told: dict[str, object] = {
        "accounts": accounts,
        "invited": invited,
        "devices": [
            (one.id, device)
            for one in accounts
            if may("manage_accounts")
            for device in await clinic_accounts.devices(database, caller, account_id=one.id, now=now)
        ],
        "consents": await consents.list_all(database, caller, patient_id=patient_id, now=now),
        "texts": [(kind, text_of(kind, newest(kind), language)) for kind in CONSENT_KINDS],
        "proxies": await proxies.list_of(database, caller, patient_id=patient_id, now=now) if may("let_act") else [],
        "sites": await sites.list_all(database, caller),
        "site_id": _id_of(await sites.of_patient(database, caller, patient_id=patient_id, now=now)),
        "team": await teams.list_members(database, caller, patient_id=patient_id, now=now),
        "staff": await clinics.list_colleagues(database, caller),
        "looked": (await search.search(database, caller, looked, limit=LOOKED, cursor=None, now=now))[0]
        if may("read_audit")
        else [],
        "is_admin": may("erase"),
        "may_invite": may("invite"),
        "may_ask": may("record_contact"),
        "may_consent": may("consent"),
        "may_let": may("let_act"),
        "may_team": may("manage_team"),
        "typed": typed,
        "faults": faults_of(problem),
    }
    status = 200 if problem is None else problem.status
    return await hub_page(
        database, visitor, "patient_account.html", person=person, tab="account", now=now, status=status, told=told
    )


def _id_of(of: SiteOfOut) -> UUID | None:
    return None if of.site is None else of.site.id
