"""Raising flags with the write that gives cause, and listing them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, case, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, relation_of
from app.access.audit import service as audit
from app.alerts.flags.conditions import ASKS_FIRST, due
from app.alerts.flags.schemas import AnswerIn, FlagOut, RuleIn, RuleOut, StepIn
from app.alerts.flags.tables import ClinicRule, Flag
from app.alerts.messages.outbox import post
from app.base.http.conditional import etag, from_cursor, require_match, to_cursor
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.base.store.prepared import Connection
from app.base.store.statements import insert_new
from app.rules.red_flags import Rule

flag, rule = columns(Flag), columns(ClinicRule)


@dataclass(frozen=True)
class Cause:
    """Why a flag is raised: its kind, what of it, how severe (`now`, `soon`), and the entry that says so."""

    kind: str
    cause: str
    severity: str
    says: str
    on: date


async def raise_flags(
    connection: Connection, clinic_id: UUID, patient_id: UUID, causes: list[Cause], now: datetime
) -> None:
    """Raises a flag for each cause, in the transaction of the write; one that was raised already stays as it is."""
    for cause in causes:
        step = {"at": now.isoformat(), "by": None, "what": "raised", "note": None}
        flag_id = new_id()
        values = {
            "clinic_id": clinic_id, "id": flag_id, "patient_id": patient_id, "kind": cause.kind,
            "cause": f"{cause.cause} {cause.on}", "severity": cause.severity, "state": "open", "says": cause.says,
            "first_on": cause.on, "last_on": cause.on, "evidence": [f"diary/{cause.on}"], "raised_at": now,
            "due_at": due(cause.severity, now), "steps": [step], "version": 1, "shown_at": now, "turn": 0,
        }  # fmt: skip
        new = insert_new(connection, flag, "clinic_id", "patient_id", "kind", "cause", answers=True)
        if (await connection.execute(new, values)).first() is not None:
            told = {"flag_id": str(flag_id), "patient_id": str(patient_id)}
            await post(connection, clinic_id, "flag.raised", str(flag_id), told, now)


async def page(
    database: Database,
    caller: Caller,
    patient_id: UUID | None,
    chosen: dict[str, Any],
    states: list[str],
    held_back: bool,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[list[Row[Any]], str | None]:
    """Flags within the caller's reach, the newest first, and the cursor of the rest.

    Args:
        chosen: values of columns that the flags have.
        held_back: those that the clinic's alarm budget holds back, in place of those that are shown.
    """
    query = _chosen(caller, chosen, states, held_back)
    if patient_id is not None:
        query = query.where(flag.c.patient_id == patient_id)
    before = from_cursor(cursor)
    if before is not None:
        query = query.where(flag.c.id < before)
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(flag.c.id.desc()).limit(limit + 1))).all())
    await audit.record_read(database, caller, "flags", patient_id, now)
    return rows[:limit], to_cursor(rows[limit - 1].id) if len(rows) > limit else None


async def work_list(
    database: Database,
    caller: Caller,
    chosen: dict[str, Any],
    states: list[str],
    held_back: bool,
    limit: int,
    offset: int,
    now: datetime,
) -> tuple[list[Row[Any]], bool]:
    """Flags in the order in which they are to be looked at: nobody's before somebody's, by severity, then by when they are
    due; and whether more follow. What is over comes newest first.
    """
    query = _chosen(caller, chosen, states, held_back)
    taken = case({"open": 0}, value=flag.c.state, else_=1)
    urgent = case({"now": 0, "soon": 1}, value=flag.c.severity, else_=2)
    order = (flag.c.ended_at.desc(), taken, urgent, flag.c.due_at, flag.c.id)
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(*order).limit(limit + 1).offset(offset))).all())
    await audit.record_read(database, caller, "flags", None, now)
    return rows[:limit], len(rows) > limit


def _chosen(caller: Caller, chosen: dict[str, Any], states: list[str], held_back: bool) -> Select[Any]:
    query = select(flag).where(reach(caller, "read", flag.c.clinic_id, flag.c.patient_id), flag.c.state.in_(states))
    over = flag.c.state.in_(("resolved", "lapsed"))
    query = query.where(flag.c.shown_at.is_(None) if held_back else or_(flag.c.shown_at.is_not(None), over))
    for name, value in chosen.items():
        query = query.where(flag.c[name] == value)
    return query


RULES_OF_CLINIC = (
    select(rule.c.id, rule.c.kind, rule.c.least_severity, rule.c.advice, rule.c.created_at)
    .where(rule.c.clinic_id == bindparam("clinic"))
    .order_by(rule.c.id)
)


async def rules_of(connection: Connection, clinic_id: UUID) -> list[Rule]:
    """The red flags that a clinic has added."""
    rows = await connection.execute(RULES_OF_CLINIC, {"clinic": clinic_id})
    return [Rule(f"clinic rule {row.id}", row.kind, row.least_severity, row.advice) for row in rows]


async def add_rule(database: Database, caller: Caller, new: RuleIn, once: Once, now: datetime) -> Answer:
    """Adds a red flag of the clinic's own."""
    relation_of(caller, "add_rule")

    async def work(connection: AsyncConnection) -> Answer:
        values = {"clinic_id": caller.clinic_id, "id": new_id(), "account_id": caller.account_id, "created_at": now}
        await connection.execute(insert(rule).values({**values, **new.model_dump()}))
        await audit.record(connection, caller, "create", "red flag rule", None, now)
        return Answer(to_wire(RuleOut, {**values, **new.model_dump()}))

    return await once.run(database, caller.account_id, now, work)


async def list_rules(database: Database, caller: Caller) -> list[Any]:
    """The red flags that the caller's clinic has added, in the order in which it did."""
    async with database.read() as connection:
        return list((await connection.execute(RULES_OF_CLINIC, {"clinic": caller.clinic_id})).all())


async def read(database: Database, caller: Caller, flag_id: UUID, now: datetime) -> Row[Any]:
    """One flag.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    async with database.read() as connection:
        row = await _find(connection, caller, flag_id, "read")
    await audit.record_read(database, caller, "flag", row.patient_id, now)
    return row


async def step(
    database: Database, caller: Caller, flag_id: UUID, what: str, given: StepIn, if_match: str | None, now: datetime
) -> Row[Any]:
    """Acknowledges or resolves a flag: whoever acknowledges owns it. Doing the same again changes nothing.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a step that its state does not allow.
    """

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await _find(connection, caller, flag_id, "work_flag", lock=True)
        require_match(if_match, tag_of(row))
        if row.state == what:
            return row
        if row.state not in ("open", "acknowledged"):
            raise Problem(409, f"The flag is {row.state} already.")
        taken = {"at": now.isoformat(), "by": str(caller.account_id), "what": what, "note": given.note}
        values = {
            "state": what,
            "steps": [*row.steps, taken],
            "version": row.version + 1,
            "owner_id": caller.account_id,
        }
        if what == "resolved":
            values["ended_at"] = now
        this = and_(flag.c.clinic_id == row.clinic_id, flag.c.id == row.id)
        await connection.execute(update(flag).where(this).values(values))
        await audit.record(connection, caller, "change", "flag", row.patient_id, now)
        return (await connection.execute(select(flag).where(this))).one()

    return await database.write(work)


async def answer(
    database: Database, caller: Caller, flag_id: UUID, given: AnswerIn, if_match: str | None, now: datetime
) -> Row[Any]:
    """Keeps what the patient says when a return is likely; if the pain is back, somebody must look soon.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a flag that asks nothing or is over.
    """
    reach(caller, "answer", flag.c.clinic_id, flag.c.patient_id)

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await _find(connection, caller, flag_id, "answer", lock=True)
        require_match(if_match, tag_of(row))
        if row.kind != ASKS_FIRST or row.state not in ("open", "acknowledged"):
            raise Problem(409, "This flag has no question for you.")
        said = f"the patient says: {given.answer.replace('_', ' ')}" + (f"; {given.note}" if given.note else "")
        taken = {"at": now.isoformat(), "by": str(caller.account_id), "what": "answered", "note": said}
        values = {"answer": given.answer, "steps": [*row.steps, taken], "version": row.version + 1}
        if given.answer == "pain_is_back":
            values |= {"severity": "soon", "due_at": min(row.due_at, due("soon", now)), "shown_at": row.shown_at or now}
        this = and_(flag.c.clinic_id == row.clinic_id, flag.c.id == row.id)
        await connection.execute(update(flag).where(this).values(values))
        await audit.record(connection, caller, "change", "flag", row.patient_id, now)
        return (await connection.execute(select(flag).where(this))).one()

    return await database.write(work)


def tag_of(row: Row[Any]) -> str:
    """The ETag of a flag."""
    return etag("flag", row.id, row.version)


def out(row: Row[Any]) -> FlagOut:
    """A flag as it goes over the wire."""
    return FlagOut.model_validate(row, from_attributes=True)


async def _find(
    connection: AsyncConnection, caller: Caller, flag_id: UUID, action: Action, lock: bool = False
) -> Row[Any]:
    query = select(flag).where(flag.c.id == flag_id, reach(caller, action, flag.c.clinic_id, flag.c.patient_id))
    row: Row[Any] | None = (await connection.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        raise not_found("flag")
    return row
