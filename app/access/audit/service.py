"""Leaving an audit event."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert

from app.access.accounts.permissions import Caller
from app.access.audit.tables import AuditEvent
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.base.store.prepared import Connection

event = columns(AuditEvent)
INSERT_EVENT = insert(event)
AuditAction = Literal["read", "create", "change", "delete"]


async def record(
    connection: Connection,
    caller: Caller,
    action: AuditAction,
    resource: str,
    patient_id: UUID | None,
    now: datetime,
) -> None:
    """Leaves an event in the transaction of a write; `resource` names a thing, never a value."""
    await connection.execute(INSERT_EVENT, _row(caller, action, resource, patient_id, now))


async def record_read(
    database: Database, caller: Caller, resource: str, patient_id: UUID | None, now: datetime
) -> None:
    """Leaves the event of a read, committed before the answer goes out; events of reads at the same time go in together."""
    await database.insert_together(event, _row(caller, "read", resource, patient_id, now))


def _row(caller: Caller, action: AuditAction, resource: str, patient_id: UUID | None, now: datetime) -> dict[str, Any]:
    return {
        "clinic_id": caller.clinic_id,
        "id": new_id(),
        "at": now,
        "account_id": caller.account_id,
        "patient_id": patient_id,
        "action": action,
        "resource": resource,
    }
