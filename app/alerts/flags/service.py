"""Raises flags in the transaction of the write that causes them, and takes steps with them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID

from sqlalchemy import and_, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, require
from app.access.audit import service as audit
from app.alerts.flags.conditions import ASKS_FIRST, IN_REVIEW, due
from app.alerts.flags.rows import changing
from app.alerts.flags.schemas import AnswerIn, FlagOut, RuleIn, RuleOut, StepIn
from app.alerts.flags.tables import ClinicRule, Flag
from app.alerts.messages.outbox import post
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.prepared import Connection, first_of, prepared_insert_new, prepared_select, rows_of
from app.base.store.statements import insert_new_for
from app.base.store.timeline import step
from app.base.store.typed import col, row, table, to, whole
from app.rules.parameters import UNDONE_WITHIN
from app.rules.red_flags import RedFlagRule, in_all
from app.rules.words import Severity, SideEffectKind

flag, rule = table(Flag), table(ClinicRule)
RED: Final = "red_flag"
RAISE = prepared_insert_new(insert_new_for(flag, "clinic_id", "patient_id", "kind", "cause"), flag)

CAUSES = prepared_select(
    select(col(Flag.cause)).where(
        col(Flag.clinic_id) == bindparam("clinic"), col(Flag.patient_id) == bindparam("patient")
    ),
    "clinic",
    "patient",
)


@dataclass(frozen=True)
class Cause:
    """Why a flag is raised: its kind, the cause in particular, severity, a sentence, and the entry's day.

    `unless` is another cause, which calls for no second flag where it has raised one; `within` how soon somebody must
    have acknowledged it, where that is sooner than its severity says.
    """

    kind: str
    cause: str
    severity: Severity
    says: str
    on: date
    unless: str | None = None
    within: timedelta | None = None


async def raise_flags(
    connection: Connection, clinic_id: UUID, *, patient_id: UUID, causes: list[Cause], now: datetime
) -> int:
    """Raises a flag for each cause, in the transaction of the write; one that was raised already stays as it is.

    Returns:
        How many were raised.
    """
    raised, before = 0, set()
    if any(cause.unless for cause in causes):
        before = {cause for (cause,) in await rows_of(connection, CAUSES, {"clinic": clinic_id, "patient": patient_id})}
    for cause in causes:
        if cause.unless in before:
            continue
        flag_id = new_id()
        values = row(
            Flag,
            clinic_id=clinic_id,
            id=flag_id,
            patient_id=patient_id,
            kind=cause.kind,
            cause=cause.cause,
            severity=cause.severity,
            state="open",
            says=cause.says,
            first_on=cause.on,
            last_on=cause.on,
            evidence=[f"diary/{cause.on}"],
            raised_at=now,
            due_at=due(cause.severity, now) if cause.within is None else now + cause.within,
            steps=[step("raised", now)],
            version=1,
            shown_at=now,
            turn=0,
        )
        if await first_of(connection, RAISE, values) is not None:
            about = {"flag_id": str(flag_id), "patient_id": str(patient_id)}
            await post(connection, clinic_id, topic="flag.raised", key=str(flag_id), about=about, now=now)
            raised += 1
    return raised


RULES_OF_CLINIC = prepared_select(
    select(
        col(ClinicRule.id),
        col(ClinicRule.kind),
        col(ClinicRule.least_severity),
        col(ClinicRule.advice),
        col(ClinicRule.created_at),
    )
    .where(col(ClinicRule.clinic_id) == bindparam("clinic"))
    .order_by(col(ClinicRule.id)),
    "clinic",
)


async def rules_of(connection: Connection, clinic_id: UUID) -> list[RedFlagRule]:
    """The red flags that a clinic has added."""
    found = await rows_of(connection, RULES_OF_CLINIC, {"clinic": clinic_id})
    return [
        RedFlagRule(f"clinic rule {rule_id}", (kind,), least, in_all(advice))
        for rule_id, kind, least, advice, _ in found
    ]


async def add_rule(database: Database, caller: Caller, *, new: RuleIn, once: IdempotentCall, now: datetime) -> Answer:
    """Adds a red flag of the clinic's own."""
    require(caller, "add_rule")

    async def work(connection: AsyncConnection) -> Answer:
        made = RuleOut(id=new_id(), kind=new.kind, least_severity=new.least_severity, advice=new.advice, created_at=now)
        values = row(
            ClinicRule,
            clinic_id=caller.clinic_id,
            id=made.id,
            kind=made.kind,
            least_severity=made.least_severity,
            advice=made.advice,
            account_id=caller.account_id,
            created_at=now,
        )
        await connection.execute(insert(rule).values(values))
        await audit.record(connection, caller, action="create", resource="red flag rule", patient_id=None, now=now)
        return Answer(to_wire(RuleOut, made))

    return await audit.once(database, caller, once, now=now, work=work)


async def list_rules(database: Database, caller: Caller) -> list[RuleOut]:
    """The red flags that the caller's clinic has added, in the order in which they were added."""
    async with database.read() as connection:
        found = await rows_of(connection, RULES_OF_CLINIC, {"clinic": caller.clinic_id})
    return [
        RuleOut(id=rule_id, kind=cast(SideEffectKind, kind), least_severity=least, advice=advice, created_at=at)
        for rule_id, kind, least, advice, at in found
    ]


async def read(database: Database, caller: Caller, *, flag_id: UUID, now: datetime) -> Flag:
    """One flag.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    async with database.read() as connection:
        one = await find(connection, caller, flag_id=flag_id, action="read")
    await audit.record_read(database, caller, resource="flag", patient_id=one.patient_id, now=now)
    return one


async def take_step(
    database: Database,
    caller: Caller,
    *,
    flag_id: UUID,
    what: Literal["acknowledged", "resolved"],
    given: StepIn,
    if_match: str | None,
    now: datetime,
) -> Flag:
    """Acknowledges or resolves a flag; the account that acknowledges it owns it. The same step again changes nothing.

    Who acknowledges what a colleague has takes it over; that needs `if_match`, so that nobody does it unknowingly.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a step that its state does not allow, 422 for a red flag that is
            resolved without a word on what was done.
    """

    async def work(connection: AsyncConnection) -> Flag:
        one = await find(connection, caller, flag_id=flag_id, action="work_flag", lock=True)
        require_match(if_match, tag_of(one))
        if one.state == what and _is_last(one, caller, what=what, given=given):
            return one
        if what == "resolved" and one.kind == RED and given.note is None:
            raise bad_field("/note", "is needed: what was done?")
        if one.state not in ("open", "acknowledged"):
            raise Problem(409, f"The flag is {one.state} already.")
        if what == one.state and one.owner_id != caller.account_id and if_match is None:
            raise Problem(409, "Somebody has it already; read the flag and send its ETag as If-Match to take it over.")
        taken = step(what, now, by=caller.account_id, note=given.note)
        await connection.execute(
            changing(
                one,
                to(col(Flag.state), what),
                to(col(Flag.owner_id), caller.account_id),
                to(col(Flag.ended_at), now if what == "resolved" else one.ended_at),
                taken=taken,
            )
        )
        await audit.record(connection, caller, action="change", resource="flag", patient_id=one.patient_id, now=now)
        return await find(connection, caller, flag_id=flag_id, action="work_flag")

    return await database.write(work)


def _is_last(one: Flag, caller: Caller, *, what: str, given: StepIn) -> bool:
    """Whether the step has been taken already, by the same person and with the same words."""
    last = one.steps[-1]
    return last["what"] == what and last["by"] == str(caller.account_id) and given.note in (None, last["note"])


async def undo(database: Database, caller: Caller, *, flag_id: UUID, if_match: str | None, now: datetime) -> Flag:
    """Takes back that a flag is resolved, within minutes: it is again whose it was, or nobody's.

    Raises:
        Problem: 404, 412 on a lost update, 409 for one that is not resolved, or was longer ago.
    """

    async def work(connection: AsyncConnection) -> Flag:
        one = await find(connection, caller, flag_id=flag_id, action="work_flag", lock=True)
        require_match(if_match, tag_of(one))
        if _by_review(one):
            raise Problem(409, "The flag was answered by the decision of a review; reopen the review.")
        if not can_be_undone(one, now):
            minutes = UNDONE_WITHIN.seconds // 60
            raise Problem(409, f"The flag is not resolved, its cause is gone, or it is over {minutes} minutes ago.")
        had = holder(one)
        await connection.execute(
            changing(
                one,
                to(col(Flag.state), "open" if had is None else "acknowledged"),
                to(col(Flag.owner_id), None if had is None else UUID(had)),
                to(col(Flag.ended_at), None),
                taken=step("undone", now, by=caller.account_id),
            )
        )
        await audit.record(connection, caller, action="change", resource="flag", patient_id=one.patient_id, now=now)
        return await find(connection, caller, flag_id=flag_id, action="work_flag")

    return await database.write(work)


async def answer(
    database: Database, caller: Caller, *, flag_id: UUID, given: AnswerIn, if_match: str | None, now: datetime
) -> Flag:
    """Keeps what the patient says when a return is likely; if the pain is back, somebody must look soon.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a flag that asks nothing or is over.
    """
    require(caller, "answer")

    async def work(connection: AsyncConnection) -> Flag:
        one = await find(connection, caller, flag_id=flag_id, action="answer", lock=True)
        require_match(if_match, tag_of(one))
        if one.kind != ASKS_FIRST or one.state not in ("open", "acknowledged"):
            raise Problem(409, "This flag has no question for you.")
        said = f"the patient says: {given.answer.replace('_', ' ')}" + (f"; {given.note}" if given.note else "")
        is_back = given.answer == "pain_is_back"
        await connection.execute(
            changing(
                one,
                to(col(Flag.answer), given.answer),
                to(col(Flag.severity), "soon" if is_back else one.severity),
                to(col(Flag.due_at), min(one.due_at, due("soon", now)) if is_back else one.due_at),
                to(col(Flag.shown_at), one.shown_at or now if is_back else one.shown_at),
                taken=step("answered", now, by=caller.account_id, note=said),
            )
        )
        await audit.record(connection, caller, action="change", resource="flag", patient_id=one.patient_id, now=now)
        return await find(connection, caller, flag_id=flag_id, action="answer")

    return await database.write(work)


def holder(one: Flag) -> str | None:
    """The account that has taken a flag up, by its steps; None where nobody has, or it was handed on since."""
    who: str | None = None
    for taken in one.steps:
        if taken["what"] == "handed":
            who = None
        elif taken["what"] == "acknowledged" or (who is None and taken["what"].startswith("called_")):
            who = taken["by"]
    return who


def can_be_undone(one: Flag, now: datetime) -> bool:
    """Whether a flag was resolved minutes ago, and its cause goes on."""
    resolved = one.state == "resolved" and one.ended_at is not None and one.ceased_on is None and not _by_review(one)
    return resolved and one.ended_at is not None and now - one.ended_at <= UNDONE_WITHIN


def _by_review(one: Flag) -> bool:
    return one.state == "resolved" and (one.steps[-1]["note"] or "").startswith(IN_REVIEW)


def tag_of(one: Flag) -> str:
    """The ETag of a flag."""
    return etag(one.clinic_id, "flag", one.id, one.version)


def out(one: Flag) -> FlagOut:
    """A flag as it goes over the wire."""
    return FlagOut.model_validate(one, from_attributes=True)


async def of_a_patient(connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, flag_id: UUID) -> bool:
    """Whether a flag is one of a patient."""
    theirs = and_(col(Flag.clinic_id) == clinic_id, col(Flag.patient_id) == patient_id, col(Flag.id) == flag_id)
    return (await connection.execute(select(col(Flag.id)).where(theirs))).first() is not None


async def open_by_severity(connection: AsyncConnection) -> dict[str, int]:
    """How many flags nobody has acknowledged, in all clinics."""
    counted = select(col(Flag.severity), func.count()).where(col(Flag.state) == "open").group_by(col(Flag.severity))
    return {key: value for key, value in (await connection.execute(counted)).all()}  # noqa: C416  # rows are typed tuples


async def find(
    connection: AsyncConnection, caller: Caller, *, flag_id: UUID, action: Action, lock: bool = False
) -> Flag:
    """A flag within the caller's reach; 404 where there is none."""
    query = select(flag).where(
        col(Flag.id) == flag_id, reach(caller, action, clinic_id=col(Flag.clinic_id), patient_id=col(Flag.patient_id))
    )
    found = (await connection.execute(query.with_for_update() if lock else query)).first()
    if found is None:
        raise not_found("flag")
    return whole(Flag, found)
