"""Writes audit events."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.audit.schemas import AuditAction
from app.access.audit.tables import AuditEvent
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.origin import origin
from app.base.store.prepared import Connection, prepared_insert, rows_of
from app.base.store.typed import row, table

event = table(AuditEvent)
INSERT_EVENT = prepared_insert(event)
_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


@contextmanager
def listening() -> Iterator[list[str]]:
    """The resources whose reading is recorded while the block runs."""
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def note(resource: str) -> None:
    """Tells whoever listens of an event that a transaction has written: it may run in another thread."""
    if (heard := _heard.get()) is not None:
        heard.append(resource)


async def record(
    connection: Connection,
    caller: Caller,
    *,
    action: AuditAction,
    resource: str,
    patient_id: UUID | None,
    now: datetime,
    why: str | None = None,
) -> None:
    """Writes an event in the transaction of a write; `resource` names a kind of thing, never a value."""
    values = _event(caller, action, resource=resource, patient_id=patient_id, now=now, why=why)
    await rows_of(connection, INSERT_EVENT, values)


async def of_sign_in(
    connection: AsyncConnection, who: Caller, *, did: Literal["create", "delete"], now: datetime
) -> None:
    """Writes that somebody has signed in, or out."""
    await record(connection, who, action=did, resource="sign_in", patient_id=who.own_record, now=now)


async def once(
    database: Database,
    caller: Caller,
    call: IdempotentCall,
    *,
    now: datetime,
    work: Callable[[AsyncConnection], Awaitable[Answer]],
) -> Answer:
    """Does a call's work once for its key; an answer that was kept is a read of the patient it speaks of.

    Raises:
        Problem: as `IdempotentCall.run`.
    """
    answer = await call.run(database, caller.account_id, clinic_id=caller.clinic_id, now=now, work=work)
    if answer.again and answer.patient_id is not None:
        await record_read(database, caller, resource="kept_answer", patient_id=answer.patient_id, now=now)
    return answer


async def record_of_command(
    connection: Connection,
    action: AuditAction,
    resource: str,
    *,
    clinic_id: UUID,
    patient_id: UUID | None,
    now: datetime,
    why: str | None = None,
) -> None:
    """The same for an operator at the command line, or the worker, who have no account."""
    values = row(
        AuditEvent,
        clinic_id=clinic_id,
        id=new_id(),
        at=now,
        account_id=None,
        patient_id=patient_id,
        action=action,
        resource=resource,
        why=why,
    )
    await rows_of(connection, INSERT_EVENT, values)


async def record_read(
    database: Database, caller: Caller, *, resource: str, patient_id: UUID | None, now: datetime
) -> None:
    """Writes the event of a read, committed before the answer goes out; events of concurrent reads go in together."""
    note(resource)
    await database.insert_together(event, _event(caller, "read", resource=resource, patient_id=patient_id, now=now))


async def record_list(
    database: Database, caller: Caller, *, resource: str, patients: Iterable[UUID | None], now: datetime
) -> None:
    """The same of a list: an event for each patient whom it names, once; one that names nobody where it is empty."""
    note(resource)
    named: list[UUID | None] = list(dict.fromkeys(one for one in patients if one is not None))
    made = [_event(caller, "read", resource=resource, patient_id=one, now=now) for one in named or [None]]
    await gather(*(database.insert_together(event, one) for one in made))


def _event(
    caller: Caller,
    action: AuditAction,
    *,
    resource: str,
    patient_id: UUID | None,
    now: datetime,
    why: str | None = None,
) -> dict[str, object]:
    return row(
        AuditEvent,
        clinic_id=caller.clinic_id,
        id=new_id(),
        at=now,
        account_id=caller.account_id,
        patient_id=patient_id,
        action=action,
        resource=resource,
        why=why,
        device=caller.device,
        address=origin().address,
        request_id=origin().request_id,
    )
