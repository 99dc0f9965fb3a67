"""What was still to come for patients who have died: it is given up, and nobody is told to come.

Where the death was a mistake, places on the waiting list are taken up again; appointments, whose slots others may have
had meanwhile, are shown to be booked again.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, cast, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach
from app.access.audit import service as audit
from app.base.store.typed import col, col_of, table, to, wholes
from app.record.facts.death import DEATH, EVENT, HAS_DIED, died_on
from app.record.facts.tables import FactRow
from app.rules.appointments import STANDS
from app.work.calendar import waiting as places
from app.work.calendar.booked import Booked, appointments
from app.work.calendar.offers import offer
from app.work.calendar.service import give_back
from app.work.calendar.tables import Appointment, Slot, Waiting

fact, slot, appointment, waiting = table(FactRow), table(Slot), table(Appointment), table(Waiting)
AT_ONCE = 200


async def let_go(connection: AsyncConnection, now: datetime) -> int:
    """Takes who has died off the waiting list, and gives back the appointments that lie ahead; returns how many people."""
    waits = exists().where(
        col(Waiting.clinic_id) == col(FactRow.clinic_id),
        col(Waiting.patient_id) == col(FactRow.patient_id),
        col(Waiting.state) == "waiting",
    )
    same = and_(col(Slot.clinic_id) == col(Appointment.clinic_id), col(Slot.id) == col(Appointment.slot_id))
    stands = exists(
        select(col(Appointment.id))
        .join(slot, same)
        .where(
            col(Appointment.clinic_id) == col(FactRow.clinic_id),
            col(Appointment.patient_id) == col(FactRow.patient_id),
            col(Appointment.state).in_(STANDS),
            col(Slot.starts_at) > now,
        )
        .correlate(fact)
    )
    told = (
        select(col(FactRow.clinic_id), col(FactRow.patient_id))
        .where(_tells_of_death(), or_(waits, stands))
        .distinct()
        .order_by(col(FactRow.clinic_id), col(FactRow.patient_id))
        .limit(AT_ONCE)
    )
    found = [(clinic_id, patient_id) for clinic_id, patient_id in (await connection.execute(told)).all()]
    dead = [one for one in found if await died_on(connection, *one) is not None]  # the text may hold the word elsewhere
    for clinic_id, patient_id in dead:
        await _let_go(connection, clinic_id, patient_id=patient_id, now=now)
    return len(dead)


async def wait_again(connection: AsyncConnection, now: datetime) -> int:
    """Puts back on the waiting list who was taken off it by a death that is no longer on record; returns how many."""
    told = exists().where(
        _tells_of_death(),
        col(FactRow.clinic_id) == col(Waiting.clinic_id),
        col(FactRow.patient_id) == col(Waiting.patient_id),
    )
    query = select(waiting).where(col(Waiting.closed_by) == DEATH, ~told).limit(AT_ONCE).with_for_update()
    found = wholes(Waiting, (await connection.execute(query)).all())
    for one in found:
        same = and_(col(Waiting.clinic_id) == one.clinic_id, col(Waiting.patient_id) == one.patient_id)
        waits = (await connection.execute(select(waiting).where(same, col(Waiting.open_kind) == one.kind))).first()
        again = () if waits else (to(col(Waiting.state), "waiting"), to(col(Waiting.open_kind), one.kind))
        over = to(col(Waiting.closed_at), one.closed_at if waits else None), to(col(Waiting.closed_by), None)
        this = and_(col(Waiting.clinic_id) == one.clinic_id, col(Waiting.id) == one.id)
        await connection.execute(update(waiting).where(this).ordered_values(*again, *over))
        await audit.record_of_command(
            connection, "change", "waiting", clinic_id=one.clinic_id, patient_id=one.patient_id, now=now
        )
    return len(found)


async def given_up(connection: AsyncConnection, caller: Caller, *, patient_id: UUID, now: datetime) -> list[Booked]:
    """Appointments to come that a death has given up, the next first, while nothing of their kind is booked instead.

    For the page of a patient who lives.
    """
    other, its_slot = appointment.alias("other"), slot.alias("its_slot")
    booked_since = exists(
        select(col_of(other, Appointment.id))
        .join(
            its_slot,
            and_(
                col_of(its_slot, Slot.clinic_id) == col_of(other, Appointment.clinic_id),
                col_of(its_slot, Slot.id) == col_of(other, Appointment.holds_slot_id),
            ),
        )
        .where(
            col_of(other, Appointment.clinic_id) == col(Appointment.clinic_id),
            col_of(other, Appointment.patient_id) == col(Appointment.patient_id),
            col_of(other, Appointment.created_at) > col(Appointment.created_at),
            col_of(its_slot, Slot.kind) == col(Slot.kind),
        )
        .correlate(appointment, slot)
    )
    query = appointments().where(
        reach(caller, "read", clinic_id=col(Appointment.clinic_id), patient_id=col(Appointment.patient_id)),
        col(Appointment.patient_id) == patient_id,
        col(Appointment.state) == "cancelled",
        col(Slot.starts_at) > now,
        ~booked_since,
    )
    found = [Booked(*one) for one in (await connection.execute(query.order_by(col(Slot.starts_at)))).all()]
    return [  # a person may have typed these words
        one for one in found if one.reason == HAS_DIED and one.steps[-1]["by"] is None
    ]


def _tells_of_death() -> ColumnElement[bool]:
    """Whether a fact may tell of a death: the word may stand elsewhere in its text."""
    return and_(col(FactRow.kind) == EVENT, cast(col(FactRow.content), String).contains(f'"{DEATH}"'))


async def _let_go(connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, now: datetime) -> None:
    theirs = and_(col(Waiting.clinic_id) == clinic_id, col(Waiting.patient_id) == patient_id)
    waits_still = select(col(Waiting.id)).where(theirs, col(Waiting.state) == "waiting")
    if (await connection.execute(waits_still)).first() is not None:
        await audit.record_of_command(
            connection, "change", "waiting", clinic_id=clinic_id, patient_id=patient_id, now=now
        )
    kept = await places.close(connection, theirs, state="withdrawn", now=now, by=DEATH)
    ahead = appointments().where(
        col(Appointment.clinic_id) == clinic_id,
        col(Appointment.patient_id) == patient_id,
        col(Appointment.state).in_(STANDS),
        col(Slot.starts_at) > now,
    )
    for one in (await connection.execute(ahead.with_for_update(of=appointment))).all():
        await give_back(connection, None, one=Booked(*one), reason=HAS_DIED, now=now)
    for slot_id in kept:
        await offer(connection, clinic_id, slot_id=slot_id, now=now)
