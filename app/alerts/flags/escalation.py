"""Who must look at a flag: the accounts of the clinic's chain one after the other, and at last everybody."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import clinic
from app.access.accounts.tables import Account, Clinic
from app.alerts.flags.conditions import due_again
from app.alerts.flags.rows import changing
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.timeline import step
from app.base.store.typed import col, table, to, whole
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
    found = [(whole(Flag, row), row._mapping["chain"]) for row in (await connection.execute(waiting)).all()]
    able = await _able(connection, {UUID(account_id) for _, chain in found for account_id in chain or []})
    for one, chain in found:
        turns = [(turn, UUID(account_id)) for turn, account_id in enumerate(chain or [], start=1) if turn > one.turn]
        following = next(((turn, owner_id) for turn, owner_id in turns if (one.clinic_id, owner_id) in able), None)
        if following is None:
            await _escalate(connection, one, now)
        else:
            await _hand(connection, one, turn=following[0], owner_id=following[1], now=now)
    return len(found)


async def _able(connection: AsyncConnection, of_chains: set[UUID]) -> set[tuple[UUID, UUID]]:
    """Those of the accounts, by clinic, that still sign in: nobody else would see what is handed to them."""
    query = select(col(Account.clinic_id), col(Account.id)).where(
        col(Account.id).in_(of_chains), col(Account.disabled_at).is_(None)
    )
    return {(clinic_id, account_id) for clinic_id, account_id in (await connection.execute(query)).all()}


async def _hand(connection: AsyncConnection, one: Flag, *, turn: int, owner_id: UUID, now: datetime) -> None:
    late = one.turn > 0
    ends = one.due_at if not late and one.due_at > now else due_again(one.severity, one.cause, now)
    note = "the one before had not acknowledged it in time" if late else None
    await connection.execute(
        changing(
            one,
            to(col(Flag.owner_id), owner_id),
            to(col(Flag.turn), turn),
            to(col(Flag.due_at), ends),
            taken=step("handed", now, note=note),
        )
    )
    key = f"{one.id} {turn}"
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
    late = one.due_at <= now
    note = "nobody had acknowledged it in time" if late else "nobody to whom it is handed signs in any more"
    taken = step("escalated", now, note=note)
    await connection.execute(changing(one, to(col(Flag.escalated_at), now), to(col(Flag.owner_id), None), taken=taken))
    await post(connection, one.clinic_id, topic="flag.escalated", key=str(one.id), about=_about(one), now=now)


def _about(one: Flag) -> dict[str, str]:
    return {"flag_id": str(one.id), "patient_id": str(one.patient_id)}
