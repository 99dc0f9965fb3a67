"""Raising flags with the write that gives cause, and listing them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.access import Caller, reach, relation_of
from app.audit import service as audit
from app.conditional import from_cursor, to_cursor
from app.flags.schemas import RuleIn, RuleOut
from app.flags.tables import ClinicRule, Flag
from app.once.service import Answer, Once
from app.rules.red_flags import Rule
from app.store.base import columns, new_id
from app.store.database import Database
from app.store.quick import Connection
from app.store.statements import insert_new
from app.wire import to_wire

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
        values = {
            "clinic_id": clinic_id, "id": new_id(), "patient_id": patient_id, "kind": cause.kind,
            "cause": f"{cause.cause} {cause.on}", "severity": cause.severity, "state": "open", "says": cause.says,
            "first_on": cause.on, "last_on": cause.on, "evidence": [f"diary/{cause.on}"], "raised_at": now}  # fmt: skip
        await connection.execute(insert_new(connection, flag, "clinic_id", "patient_id", "kind", "cause"), values)


async def page(
    database: Database,
    caller: Caller,
    patient_id: UUID | None,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[list[Row[Any]], str | None]:
    """Open flags within the caller's reach, the newest first, and the cursor of the rest."""
    query = select(flag).where(reach(caller, "read", flag.c.clinic_id, flag.c.patient_id), flag.c.state == "open")
    if patient_id is not None:
        query = query.where(flag.c.patient_id == patient_id)
    before = from_cursor(cursor)
    if before is not None:
        query = query.where(flag.c.id < before)
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(flag.c.id.desc()).limit(limit + 1))).all())
    await audit.record_read(database, caller, "flags", patient_id, now)
    return rows[:limit], to_cursor(rows[limit - 1].id) if len(rows) > limit else None


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

    return await once.run(database, caller, now, work)


async def list_rules(database: Database, caller: Caller) -> list[Any]:
    """The red flags that the caller's clinic has added, in the order in which it did."""
    async with database.read() as connection:
        return list((await connection.execute(RULES_OF_CLINIC, {"clinic": caller.clinic_id})).all())
