"""Whether whoever a slot needs is there: on no day of an absence, and still a clinician of the clinic."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Account
from app.base.http.problems import Problem
from app.base.store.typed import col, table, whole, wholes
from app.rules.appointments import STANDS
from app.work.calendar.clashes import held
from app.work.calendar.local_times import spoken_days
from app.work.calendar.tables import Absence, Appointment, Slot

absence, slot, appointment = table(Absence), table(Slot), table(Appointment)
GONE = "The clinician works here no more."


def covers() -> ColumnElement[bool]:
    """Ties a slot to an absence in which it begins."""
    return and_(
        col(Absence.clinic_id) == col(Slot.clinic_id),
        or_(col(Absence.clinician_id).is_(None), col(Absence.clinician_id) == col(Slot.clinician_id)),
        col(Absence.starts_at) <= col(Slot.starts_at),
        col(Absence.ends_at) > col(Slot.starts_at),
        or_(col(Slot.overruled).is_(None), col(Slot.created_at) < col(Absence.created_at)),  # made in it knowingly
    )


def away() -> ColumnElement[bool]:
    """Whether nobody would be there: its clinician is away or works here no more, or the clinic is closed."""
    return or_(exists().where(covers()).correlate(slot), gone())


def gone() -> ColumnElement[bool]:
    """Whether a slot's clinician works here no more: the account is disabled, or of another role now."""
    theirs = exists().where(
        col(Account.clinic_id) == col(Slot.clinic_id),
        col(Account.id) == col(Slot.clinician_id),
        col(Account.role) == "clinician",
        col(Account.disabled_at).is_(None),
    )
    return ~theirs.correlate(slot)


def overtaken(now: datetime) -> ColumnElement[bool]:
    """Whether an appointment to come is to be moved: it lies in an absence that came after it, or its clinician is gone.

    One that is booked in an absence is booked knowingly, by an admin.
    """
    absent = exists().where(covers(), overtakes(), comes(now)).correlate(slot, appointment)
    return or_(absent, and_(comes(now), gone()))


def overtakes() -> ColumnElement[bool]:
    """Whether an absence was recorded after an appointment."""
    return col(Absence.created_at) >= col(Appointment.created_at)


def comes(now: datetime) -> ColumnElement[bool]:
    """Whether an appointment stands and has not begun."""
    return and_(col(Appointment.state).in_(STANDS), col(Slot.starts_at) > now)


async def overtaken_by(
    connection: AsyncConnection, clinic_id: UUID, *, appointment_id: UUID, now: datetime
) -> str | None:
    """What is said of why an appointment is to be moved; None where it stands."""
    this = and_(col(Appointment.clinic_id) == clinic_id, col(Appointment.id) == appointment_id, comes(now))
    lies_in = select(absence).select_from(appointment).join(slot, held()).join(absence, and_(covers(), overtakes()))
    found = (await connection.execute(lies_in.where(this).limit(1))).first()
    if found is not None:
        return said(whole(Absence, found))
    left = select(col(Appointment.id)).select_from(appointment).join(slot, held()).where(this, gone())
    return None if (await connection.execute(left)).first() is None else GONE


async def refuse_absent(connection: AsyncConnection, caller: Caller, slot_id: UUID) -> None:
    """Refuses (409, naming the days) to book a slot in an absence; read once its clinician is held.

    The reason is the staff's to know.
    """
    query = select(absence).join(slot, covers()).where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id) == slot_id)
    found = (await connection.execute(query.limit(1))).first()
    if found is not None:
        raise Problem(409, said(whole(Absence, found), why=caller.role != "patient"))


async def present(
    connection: AsyncConnection, clinic_id: UUID, *, clinician_id: UUID, starts: list[datetime]
) -> list[datetime]:
    """Of new slots of a clinician, whose row is held, those that begin in no absence.

    Raises:
        Problem: 409 where none is left.
    """
    query = select(absence).where(
        col(Absence.clinic_id) == clinic_id,
        or_(col(Absence.clinician_id).is_(None), col(Absence.clinician_id) == clinician_id),
        col(Absence.starts_at) <= max(starts),
        col(Absence.ends_at) > min(starts),
    )
    there = wholes(Absence, (await connection.execute(query)).all())
    left = [at for at in starts if not any(one.starts_at <= at < one.ends_at for one in there)]
    if not left:
        raise Problem(409, said(there[0]))
    return left


def said(one: Absence, *, why: bool = True) -> str:
    """An absence as a sentence; the reason is the staff's to know."""
    who = "The clinic is closed" if one.clinician_id is None else "The clinician is away"
    return f"{who} {spoken_days(one.first_on, one.last_on)}{f': {one.reason}' if why else ''}."
