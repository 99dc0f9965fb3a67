"""Seals events: each gets its place in the clinic's log, and its hash goes into a tree whose root vouches for all before it.

Who can write to the database could make every seal anew, so a root is worth what is known of it elsewhere: the worker
writes each to the log, `reprieve audit head` prints it.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.access.audit.service import event, record_of_command
from app.access.audit.tables import AuditEvent, AuditSeal
from app.access.audit.tree import Tree, hash_of_leaf, split
from app.base.store.database import Database
from app.base.store.leases import leased
from app.base.store.prepared import Prepared, run_many
from app.base.store.typed import col, row, table, to, whole, wholes

log = structlog.get_logger()
seal = table(AuditSeal)
SEALING = "audit"  # the lease of what seals
LEAST_DAYS = 365  # that a clinic keeps its audit; chosen: many laws ask for years more
AFTER = timedelta(minutes=1)  # how long the oldest event of a seal has waited: a seal for each would be many
AT_ONCE = 1000  # events of a seal
PLACE_EVENT = Prepared[*tuple[()]](
    update(event)
    .where(col(AuditEvent.clinic_id) == bindparam("of_clinic"), col(AuditEvent.id) == bindparam("which"))
    .ordered_values((event.c.position, bindparam("place"))),
    *("of_clinic", "which", "place"),
)
NOTHING = "0" * 64  # the link before the first
FORGOTTEN = "events before place "  # how the event of a deletion says up to where


def sealed_bytes(one: AuditEvent) -> bytes:
    """What is sealed of an event: all that it says, as JSON without spaces, instants in UTC to the microsecond."""
    told = [
        str(one.clinic_id),
        str(one.id),
        one.at.isoformat(timespec="microseconds"),
        None if one.account_id is None else str(one.account_id),
        None if one.patient_id is None else str(one.patient_id),
        *(one.action, one.resource, one.device, one.address, one.request_id, one.why),
    ]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def link_of(before: str, one: AuditSeal) -> str:
    """The hash that ties a seal to all before it."""
    times = (at.isoformat(timespec="microseconds") for at in (one.newest_at, one.sealed_at))
    told = [before, one.number, one.first, one.many, one.root, *times]
    return sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


async def newest_seal(connection: AsyncConnection, clinic_id: UUID) -> AuditSeal | None:
    """The clinic's last seal, if there is one."""
    query = select(seal).where(col(AuditSeal.clinic_id) == clinic_id).order_by(col(AuditSeal.number).desc()).limit(1)
    found = (await connection.execute(query)).first()
    return None if found is None else whole(AuditSeal, found)


async def seal_some(connection: AsyncConnection, now: datetime) -> int:
    """Seals events of a clinic where one has waited long enough, the oldest first; returns how many it sealed."""
    waits = exists().where(
        col(AuditEvent.clinic_id) == col(Clinic.id),
        col(AuditEvent.position).is_(None),
        col(AuditEvent.at) <= now - AFTER,
    )
    due = (await connection.execute(select(col(Clinic.id)).where(waits).order_by(col(Clinic.id)))).all()
    for (clinic_id,) in due:
        if sealed := await _seal(connection, clinic_id, now):
            return sealed
    return 0


async def seal_due(database: Database, clock: Callable[[], datetime]) -> int:
    """Seals and forgets what is due, in one process at a time; returns how many steps that were."""
    done = 0
    async with leased(database, SEALING, clock) as held:
        for step in (seal_some, forget_some) if held else ():
            while count := await database.write(partial(step, now=clock())):
                done += count
    return done


async def _seal(connection: AsyncConnection, clinic_id: UUID, now: datetime) -> int:
    before = await newest_seal(connection, clinic_id)
    begun = 0 if before is None else before.first + before.many
    tree = Tree(begun, [] if before is None else split(before.peaks))
    if before is not None and tree.root.hex() != before.root:  # `reprieve audit verify` says more; others are sealed
        log.error("audit", clinic=str(clinic_id), fault="the last seal was changed, and nothing is sealed after it")
        return 0
    unsealed = (
        select(event)
        .where(col(AuditEvent.clinic_id) == clinic_id, col(AuditEvent.position).is_(None))
        .order_by(col(AuditEvent.position), col(AuditEvent.at), col(AuditEvent.id))
        .limit(AT_ONCE)
    )
    events = wholes(AuditEvent, (await connection.execute(unsealed)).all())
    leaves = [hash_of_leaf(sealed_bytes(one)) for one in events]
    for leaf in leaves:
        tree.add(leaf)
    made = AuditSeal(
        clinic_id=clinic_id,
        number=1 if before is None else before.number + 1,
        first=begun,
        many=len(events),
        leaves=b"".join(leaves),
        peaks=b"".join(tree.peaks),
        root=tree.root.hex(),
        link="",
        newest_at=events[-1].at,
        sealed_at=now,
    )
    made.link = link_of(NOTHING if before is None else before.link, made)
    await connection.execute(insert(seal).values(row(AuditSeal, **made.model_dump())))
    places: list[dict[str, object]] = [
        {"of_clinic": clinic_id, "which": one.id, "place": place} for place, one in enumerate(events, begun)
    ]
    await run_many(connection, PLACE_EVENT, places)
    log.info("sealed", clinic=str(clinic_id), size=tree.size, root=made.root)
    return len(events)


async def forget_some(connection: AsyncConnection, now: datetime) -> int:
    """Deletes the events of a seal that are older than their clinic keeps them; returns how many seals that were.

    An event says so; the hashes stay, so that the rest can still be checked.
    """
    kept = select(col(Clinic.id), col(Clinic.audit_days)).where(col(Clinic.audit_days).is_not(None))
    for clinic_id, days in (await connection.execute(kept.order_by(col(Clinic.id)))).all():
        oldest = (
            select(seal)
            .where(col(AuditSeal.clinic_id) == clinic_id, col(AuditSeal.forgotten_at).is_(None))
            .order_by(col(AuditSeal.number))
            .limit(1)
        )
        found = (await connection.execute(oldest)).first()
        if found is None or days is None or whole(AuditSeal, found).newest_at > now - timedelta(days=days):
            continue
        one = whole(AuditSeal, found)
        up_to = one.first + one.many
        theirs = col(AuditEvent.position).between(one.first, up_to - 1)
        await connection.execute(delete(event).where(col(AuditEvent.clinic_id) == clinic_id, theirs))
        this = (col(AuditSeal.clinic_id) == clinic_id) & (col(AuditSeal.number) == one.number)
        await connection.execute(update(seal).where(this).ordered_values(to(col(AuditSeal.forgotten_at), now)))
        why = f"{FORGOTTEN}{up_to}"
        await record_of_command(connection, "delete", "audit", clinic_id=clinic_id, patient_id=None, now=now, why=why)
        return 1
    return 0
