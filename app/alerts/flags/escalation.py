"""Who must look at a flag: the accounts of the clinic's chain one after the other, and at last everybody."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import clinic
from app.access.accounts.tables import Clinic
from app.alerts.flags.conditions import due
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.timeline import Step, step
from app.base.store.typed import Setting, col, table, to, whole
from app.rules.parameters import ASKED_FOR

flag = table(Flag)
AT_ONCE = 500


async def hand_on(connection: AsyncConnection, now: datetime) -> int:
    """Hands new flags and those not acknowledged in time to the next account of the chain, at last to everybody.

    Returns how many flags, at most AT_ONCE.
    """
    new = and_(col(Flag.turn) == 0, col(Clinic.chain).is_not(None))
    patient_first = and_(col(Flag.asked_at) > now - ASKED_FOR, col(Flag.answer).is_(None))
    waiting = (
        select(flag, col(Clinic.chain))
        .join(clinic, col(Clinic.id) == col(Flag.clinic_id))
        .where(
            col(Flag.state) == "open",
            col(Flag.shown_at).is_not(None),
            col(Flag.escalated_at).is_(None),
            or_(new, col(Flag.due_at) <= now),
            or_(col(Flag.asked_at).is_(None), ~patient_first),
        )
        .order_by(col(Flag.clinic_id), col(Flag.id))
        .limit(AT_ONCE)
        .with_for_update(of=flag)  # what somebody does with a flag in this moment is waited for, and counts
    )
    found = (await connection.execute(waiting)).all()
    for one, row in ((whole(Flag, row), row) for row in found):
        chain: list[str] = row._mapping["chain"] or []
        if one.turn < len(chain):
            await _hand(connection, one, owner_id=UUID(chain[one.turn]), now=now)
        else:
            await _escalate(connection, one, now)
    return len(found)


async def _hand(connection: AsyncConnection, one: Flag, *, owner_id: UUID, now: datetime) -> None:
    late = one.turn > 0
    ends = one.due_at if not late and one.due_at > now else due(one.severity, now)
    note = "the one before had not acknowledged it in time" if late else None
    await connection.execute(
        _this(one).ordered_values(
            to(col(Flag.owner_id), owner_id),
            to(col(Flag.turn), one.turn + 1),
            to(col(Flag.due_at), ends),
            *_taken(one, step("handed", now, note=note)),
        )
    )
    key = f"{one.id} {one.turn + 1}"
    await post(
        connection,
        one.clinic_id,
        topic="flag.handed",
        key=key,
        about=_about(one),
        now=now,
        audience="account",
        account_id=owner_id,
    )


async def _escalate(connection: AsyncConnection, one: Flag, now: datetime) -> None:
    taken = step("escalated", now, note="nobody had acknowledged it in time")
    await connection.execute(
        _this(one).ordered_values(to(col(Flag.escalated_at), now), to(col(Flag.owner_id), None), *_taken(one, taken))
    )
    await post(connection, one.clinic_id, topic="flag.escalated", key=str(one.id), about=_about(one), now=now)


def _this(one: Flag) -> Update:
    return update(flag).where(col(Flag.clinic_id) == one.clinic_id, col(Flag.id) == one.id)


def _taken(one: Flag, taken: Step) -> Iterable[Setting]:
    return to(col(Flag.steps), [*one.steps, taken]), to(col(Flag.version), one.version + 1)


def _about(one: Flag) -> dict[str, str]:
    return {"flag_id": str(one.id), "patient_id": str(one.patient_id)}
