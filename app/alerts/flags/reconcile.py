"""Raises, continues and lapses the flags of a procedure as its verdict changes."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Account
from app.alerts.flags.budget import CAN_WAIT, has_budget
from app.alerts.flags.conditions import ASKS_FIRST, GONE, KINDS, ONCE_A_PATIENT, Condition, due
from app.alerts.flags.rows import changing
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.timeline import step
from app.base.store.typed import col, row, table, to, wholes

flag = table(Flag)


async def lock_flags(connection: AsyncConnection, procedures: Collection[tuple[UUID, UUID]]) -> None:
    """Locks the flags of several procedures (clinic and id) in the order in which every writer of several locks them.

    Locked procedure by procedure they would come in another order than those of the budget and of the chain.
    """
    theirs = tuple_(col(Flag.clinic_id), col(Flag.procedure_id)).in_(sorted(procedures))
    ordered = select(col(Flag.id)).where(theirs, col(Flag.kind).in_(KINDS)).order_by(col(Flag.clinic_id), col(Flag.id))
    await connection.execute(ordered.with_for_update())


async def keep_flags(
    connection: AsyncConnection,
    clinic_id: UUID,
    *,
    patient_id: UUID,
    procedure_id: UUID,
    wanted: list[Condition],
    untold: Collection[str],
    closed: str | None,
    today: date,
    now: datetime,
) -> bool:
    """Brings a procedure's flags in line with the conditions that its verdict meets; `closed` says what ended its watch.

    The same cause never raises two; one that is gone lapses and says why; one that comes back is new, and names the old.
    A flag that somebody has resolved stays resolved for as long as its cause lasts without a break. The end of the watch is
    none: should it turn out a mistake, what was answered is not asked again. Those of kinds that are `untold` stay as they
    are: nobody has written that their cause is gone.

    Returns:
        Whether one has ceased that a patient has once, which may be due at another procedure of theirs.
    """
    query = select(flag).where(
        col(Flag.clinic_id) == clinic_id,
        col(Flag.patient_id) == patient_id,
        col(Flag.kind).in_(KINDS),
        col(Flag.procedure_id) == procedure_id,
    )
    locked = query.order_by(
        col(Flag.id)
    ).with_for_update()  # an acknowledgement in this moment is waited for, and counts
    flags = wholes(Flag, (await connection.execute(locked)).all())
    newest = {one.kind: one for one in flags}
    counts = {kind: sum(one.kind == kind for one in flags) for kind in newest}
    causes, ceased = {cause.kind: cause for cause in wanted}, False
    for kind, cause in causes.items():
        before = newest.get(kind)
        if before is not None and before.ceased_on is None:
            await _go_on(connection, before, cause=cause, today=today)
        else:
            name: str | None = f"{procedure_id} {counts.get(kind, 0) + 1}"
            if kind in ONCE_A_PATIENT:
                name = await _name_once(connection, clinic_id, patient_id, kind=kind)
            if name is None:
                continue
            whose = (clinic_id, patient_id, procedure_id)
            follows = None if before is None else before.id
            await _raise(connection, whose, cause, name=name, follows=follows, today=today, now=now)
    for kind, one in newest.items():
        answered = one.state == "resolved" and closed is not None and kind not in ONCE_A_PATIENT
        gone = kind not in causes and kind not in untold
        if gone and one.ceased_on is None and not answered:
            await _cease(connection, one, why=closed or GONE[one.kind], today=today, now=now)
            ceased |= kind in ONCE_A_PATIENT
    return ceased


async def _name_once(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, kind: str) -> str | None:
    """The name of the next cause of a kind that a patient has once, whichever procedure it is seen at.

    None where a flag of it goes on for another procedure, be it resolved or not. It does not name the procedure, so that of
    two processes that see one cause at two procedures in the same moment, one raises it.
    """
    theirs = select(col(Flag.ceased_on)).where(
        col(Flag.clinic_id) == clinic_id, col(Flag.patient_id) == patient_id, col(Flag.kind) == kind
    )
    ends = [ceased for (ceased,) in (await connection.execute(theirs)).all()]
    return None if None in ends else str(len(ends) + 1)


async def _go_on(connection: AsyncConnection, one: Flag, *, cause: Condition, today: date) -> None:
    await connection.execute(
        changing(
            one,
            to(col(Flag.last_on), max(one.last_on, today)),
            to(col(Flag.says), cause.says),
            to(col(Flag.evidence), list(cause.evidence)),
        )
    )


async def _raise(
    connection: AsyncConnection,
    whose: tuple[UUID, UUID, UUID],
    cause: Condition,
    *,
    name: str,
    follows: UUID | None,
    today: date,
    now: datetime,
) -> None:
    clinic_id, patient_id, procedure_id = whose
    flag_id, shown = new_id(), not (cause.severity == CAN_WAIT and await has_budget(connection, clinic_id))
    asks = cause.kind == ASKS_FIRST and await _can_be_asked(connection, clinic_id, patient_id)
    values = row(
        Flag,
        clinic_id=clinic_id,
        id=flag_id,
        patient_id=patient_id,
        procedure_id=procedure_id,
        kind=cause.kind,
        cause=name,
        severity=cause.severity,
        state="open",
        says=cause.says,
        first_on=cause.first_on,
        last_on=max(today, cause.first_on),
        evidence=list(cause.evidence),
        raised_at=now,
        due_at=due(cause.severity, now),
        steps=[step("raised", now)],
        version=1,
        follows=follows,
        shown_at=now if shown else None,
        turn=0,
        asked_at=now if asks else None,
    )
    # two that make the same verdict at once raise one
    made = await connection.execute(insert_new(connection, flag, "clinic_id", "patient_id", "kind", "cause"), values)
    if not made.rowcount:
        return
    about = {"flag_id": str(flag_id), "patient_id": str(patient_id)}
    if shown:
        await post(connection, clinic_id, topic="flag.raised", key=str(flag_id), about=about, now=now)
    if asks:
        await post(
            connection, clinic_id, topic="patient.asked", key=str(flag_id), about=about, now=now, audience="patient"
        )


async def _can_be_asked(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> bool:
    """Whether the patient has an account; one who has none is not asked, and the clinic is told at once."""
    theirs = select(col(Account.id)).where(col(Account.clinic_id) == clinic_id, col(Account.patient_id) == patient_id)
    return (await connection.execute(theirs)).first() is not None


async def _cease(connection: AsyncConnection, one: Flag, *, why: str, today: date, now: datetime) -> None:
    ceased = to(col(Flag.ceased_on), today)
    if one.state not in ("open", "acknowledged"):
        await connection.execute(changing(one, ceased))
        return
    taken = step("lapsed", now, note=why)
    await connection.execute(
        changing(
            one,
            ceased,
            to(col(Flag.state), "lapsed"),
            to(col(Flag.ended_at), now),
            taken=taken,
        )
    )
