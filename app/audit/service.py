"""Leaving an audit event."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.access import Caller
from app.audit.tables import AuditEvent
from app.store.base import columns, new_id
from app.store.database import Database

event = columns(AuditEvent)
AuditAction = Literal["read", "create", "change", "delete"]


async def record(
    connection: AsyncConnection,
    caller: Caller,
    action: AuditAction,
    resource: str,
    patient_id: UUID | None,
    now: datetime,
) -> None:
    """Leaves an event in the transaction of a write; `resource` names a thing, never a value."""
    await connection.execute(
        insert(event).values(
            clinic_id=caller.clinic_id,
            id=new_id(),
            at=now,
            account_id=caller.account_id,
            patient_id=patient_id,
            action=action,
            resource=resource,
        )
    )


async def record_read(
    database: Database, caller: Caller, resource: str, patient_id: UUID | None, now: datetime
) -> None:
    """Leaves the event of a read, committed before the answer goes out."""
    await database.write(lambda connection: record(connection, caller, "read", resource, patient_id, now))
