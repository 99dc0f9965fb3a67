"""The clinic's accounts, for its admins: who signs in, what they are, and the steps of an account's life."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response

from app.access.lifecycle import clinic_accounts, codes
from app.access.lifecycle.schemas import AccountChange, AccountCodeOut, StaffInvitationIn, StaffRole
from app.access.sign_on import settings as providers
from app.access.sign_on.schemas import ProviderIn, ProviderOut
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.idempotency.service import Answer
from app.base.http.problems import Problem
from app.base.languages.speaking import say, translated
from app.base.settings import Settings
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown
from app.doors.pages.handed import handed_page
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, taken
from app.record.patients import service as patients
from app.rules.words import STAFF, Role
from app.work.clinic import service as clinics
from app.work.clinic.schemas import ClinicChange

ADDRESS = "/clinic/accounts"
router = APIRouter(prefix=ADDRESS, route_class=PageRoute, include_in_schema=False)
PAGE = 100


class InviteForm(PageForm):
    """Whom a code is for."""

    role: str = ""
    username: str | None = None


class ClinicAccountForm(ShownForm):
    """What an account is to be instead."""

    role: str | None = None
    disabled: Literal["yes", "no"] | None = None


@router.get("")
async def accounts_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    of: Annotated[str, Query(max_length=10)] = "staff",
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """The staff, or the patients who sign in."""
    return await _show(database, visitor, public_url=settings.public_url, now=now, of=of, cursor=cursor)


@router.post("/invite")
async def invite(
    form: Annotated[InviteForm, Form()],
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    once: SentOnceDep,
) -> Response:
    """A code for one of the staff, shown this once."""
    made: list[Answer] = []

    async def step() -> None:
        given = filled(StaffInvitationIn, form)
        made.append(await codes.invite(database, visitor.caller, new=given, once=once, now=now))

    answer = await _stepped(database, visitor, step(), settings=settings, now=now, typed=Typed("invite", form))
    if not made:
        return answer
    title = say("An account: {role}", role=translated(form.role))
    return _handed(visitor, made[0], title=title, path="/clinic/join#", public_url=settings.public_url)


@router.post("/{account_id:uuid}/reset")
async def reset(
    account_id: UUID,
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    once: SentOnceDep,
) -> Response:
    """A code for a new password, shown this once."""
    made = await codes.reset(database, visitor.caller, account_id=account_id, once=once, now=now)
    return _handed(visitor, made, title="A new password", path="/clinic/reset#", public_url=settings.public_url)


@router.post("/{account_id:uuid}/change")
async def change(
    account_id: UUID,
    visitor: WriterDep,
    form: Annotated[ClinicAccountForm, Form()],
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> Response:
    """Another role, disabled, or let in again."""
    wanted = {"role": form.role, "disabled": {"yes": True, "no": False}.get(form.disabled or "")}

    async def step() -> None:
        held = await clinic_accounts.read(database, visitor.caller, account_id=account_id, now=now)
        require_as_shown(form.tag, held.role, held.disabled)
        given = AccountChange.model_validate({name: value for name, value in wanted.items() if value is not None})
        await clinic_accounts.change(database, visitor.caller, account_id=account_id, given=given, now=now)

    return await _stepped(database, visitor, step(), settings=settings, now=now)


@router.post("/{account_id:uuid}/sessions/end")
async def end_sessions(
    account_id: UUID, visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now
) -> Response:
    """Ends every sign-in of an account."""
    step = clinic_accounts.end_sessions(database, visitor.caller, account_id=account_id, now=now)
    return await _stepped(database, visitor, step, settings=settings, now=now)


@router.post("/{account_id:uuid}/factors/remove")
async def remove_factors(
    account_id: UUID, visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now
) -> Response:
    """Takes the second factors off an account whose owner has lost them."""
    step = clinic_accounts.remove_factors(database, visitor.caller, account_id=account_id, now=now)
    return await _stepped(database, visitor, step, settings=settings, now=now)


@router.post("/codes/{code_id:uuid}/withdraw")
async def withdraw(
    code_id: UUID, visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now
) -> Response:
    """Makes a code worthless."""
    step = codes.withdraw(database, visitor.caller, code_id=code_id, now=now)
    return await _stepped(database, visitor, step, settings=settings, now=now)


class FactorForm(ShownForm):
    """Whether the staff need a second factor."""

    asked: Literal["yes", "no"]


class ProviderForm(ShownForm):
    """The clinic's own provider; lists are written with commas, roles as `value = role`, one a line."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str | None = None
    domains: str = ""
    role_claim: str | None = None
    roles: str = ""
    second_factor: bool = False

    @classmethod
    def of(cls, held: ProviderOut) -> "ProviderForm":
        """The form as it is filled in with the provider that is set, without its secret."""
        return cls(
            issuer=held.issuer,
            client_id=held.client_id,
            domains=", ".join(held.domains),
            role_claim=held.role_claim,
            roles="\n".join(f"{value} = {role}" for value, role in (held.roles or {}).items()),
            second_factor=held.second_factor,
        )


@router.post("/provider")
async def set_provider(
    form: Annotated[ProviderForm, Form()],
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
) -> Response:
    """Sets the provider that the staff sign in with."""

    async def step() -> None:
        await _check_provider(database, visitor, form, settings=settings)
        pairs = [line.rpartition("=")[::2] for line in form.roles.splitlines() if line.strip()]
        given = ProviderIn.model_validate(
            {
                "issuer": form.issuer,
                "client_id": form.client_id,
                "client_secret": form.client_secret,
                "domains": [one.strip() for one in form.domains.split(",") if one.strip()],
                "role_claim": form.role_claim,
                "roles": {value.strip(): role.strip() for value, role in pairs} or None,
                "second_factor": form.second_factor,
            }
        )
        await providers.change(
            database, visitor.caller, given, public_url=settings.public_url, private=settings.private_targets, now=now
        )

    return await _stepped(database, visitor, step(), settings=settings, now=now, typed=Typed("provider", form))


@router.post("/provider/remove")
async def remove_provider(
    form: Annotated[ShownForm, Form()], visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now
) -> Response:
    """Takes the provider away."""

    async def step() -> None:
        await _check_provider(database, visitor, form, settings=settings)
        await providers.remove(database, visitor.caller, now=now)

    return await _stepped(database, visitor, step(), settings=settings, now=now)


async def _check_provider(database: Database, visitor: Visitor, form: ShownForm, *, settings: Settings) -> None:
    held = await providers.read_if_set(database, visitor.caller, settings.public_url)
    require_as_shown(form.tag, held and held.updated_at)


@router.post("/second-factor")
async def ask_for_factor(
    form: Annotated[FactorForm, Form()], visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now
) -> Response:
    """Whether the staff need a second factor."""

    async def step() -> None:
        require_as_shown(form.tag, (await clinics.read(database, visitor.caller, now)).second_factor)
        given = ClinicChange(second_factor=form.asked == "yes")
        await clinics.change(database, visitor.caller, given=given, now=now)

    return await _stepped(database, visitor, step(), settings=settings, now=now)


async def _stepped(
    database: Database,
    visitor: Visitor,
    step: Awaitable[object],
    *,
    settings: Settings,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    """Takes a step; an error is shown on the same page, with what was typed."""
    url = settings.public_url

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, public_url=url, now=now, problem=problem, typed=typed.after(problem))

    return await taken(step, ADDRESS, again)


def _handed(visitor: Visitor, made: Answer, *, title: str, path: str, public_url: str) -> Response:
    told = AccountCodeOut.model_validate(made.body)
    return handed_page(
        visitor,
        title=title,
        path=path,
        code=told.code,
        expires_at=told.expires_at,
        public_url=public_url,
        back=ADDRESS,
    )


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    public_url: str,
    now: datetime,
    of: str = "staff",
    cursor: str | None = None,
    problem: Problem | None = None,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    caller = visitor.caller
    roles: tuple[Role, ...] = ("patient",) if of == "patients" else (*STAFF, "operator")
    listed = await clinic_accounts.list_accounts(database, caller, roles=roles, limit=PAGE, cursor=cursor, now=now)
    shown = listed.items
    async with database.read() as connection:
        whose = [one.patient_id for one in shown if one.patient_id is not None]
        names = await patients.names_of(connection, caller, whose)
    clinic = await clinics.read(database, caller, now)
    provider = await providers.read_if_set(database, caller, public_url)
    return page(
        "accounts.html",
        visitor,
        200 if problem is None else problem.status,
        rows=shown,
        names=names,
        of=of,
        older=None if listed.next is None else f"{ADDRESS}?of={of}&cursor={listed.next}",
        pending=await codes.pending(database, caller, now),
        roles=cast("tuple[StaffRole, ...]", STAFF),
        clinic=clinic,
        provider=provider,
        provider_form=ProviderForm() if provider is None else ProviderForm.of(provider),
        typed=typed,
        redirect_uri=providers.redirect_uri(public_url, caller.clinic_id),
        zone=clinic.time_zone or "UTC",
        faults=faults_of(problem),
    )
