"""Time belongs to people, rooms and devices: none of them is in two places at once."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Account, Clinic
from app.base.http.problems import Problem
from app.base.store.typed import col, table
from app.record.patients.tables import Patient
from app.work.calendar.local_times import spoken_instant
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)
LONGEST = timedelta(hours=8)  # of a slot, as `SlotIn` has it


@dataclass(frozen=True)
class NeededTime:
    """Time of a clinician, and of a room, a device and a patient where they are named."""

    clinic_id: UUID
    starts_at: datetime
    minutes: int
    clinician_id: UUID
    room: str | None = None
    site_id: UUID | None = None
    device: str | None = None
    patient_id: UUID | None = None
    slot_id: UUID | None = None

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)


def needed_by(one: Slot, patient_id: UUID | None = None) -> NeededTime:
    """The time of a slot, with the patient who would have it."""
    return NeededTime(
        one.clinic_id,
        one.starts_at,
        one.minutes,
        one.clinician_id,
        room=one.room,
        site_id=one.site_id,
        device=one.device,
        patient_id=patient_id,
        slot_id=one.id,
    )


async def hold_clinician(connection: AsyncConnection, clinic_id: UUID, clinician_id: UUID) -> bool:
    """Locks a clinician's row: of two that fill the same clinician's time at once, one waits for the other.

    Returns whether the clinic has such a clinician, and still has.
    """
    theirs = and_(
        col(Account.clinic_id) == clinic_id, col(Account.id) == clinician_id, col(Account.role) == "clinician"
    )
    query = select(col(Account.id)).where(theirs, col(Account.disabled_at).is_(None)).with_for_update(key_share=True)
    return (await connection.execute(query)).first() is not None


async def hold_patient(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> None:
    """Locks a patient's row: of two that book for the same patient at once, one waits for the other."""
    this = and_(col(Patient.clinic_id) == clinic_id, col(Patient.id) == patient_id)
    await connection.execute(select(col(Patient.id)).where(this).with_for_update(key_share=True))


async def hold_places(connection: AsyncConnection, clinic_id: UUID, *places: str | None) -> None:
    """Locks the clinic's row where a room or a device is named, which have no rows of their own."""
    if any(places):
        this = select(col(Clinic.id)).where(col(Clinic.id) == clinic_id)
        await connection.execute(this.with_for_update(key_share=True))


async def check_booking(connection: AsyncConnection, wanted: NeededTime) -> None:
    """Refuses (409, naming the clash) time at which somebody or something that it needs has an appointment already."""
    clash = await find_clash(connection, wanted)
    if clash is not None:
        when = await spoken_instant(connection, wanted.clinic_id, clash["starts_at"])
        raise Problem(
            409, f"{_who(wanted, clash)} has an appointment at that time already: {when}, {clash['location']}."
        )


async def find_clash(connection: AsyncConnection, wanted: NeededTime) -> RowMapping | None:
    """The first booked slot at a time at which somebody or something that it needs is wanted too."""
    near = (
        select(slot, col(Appointment.patient_id))
        .join(appointment, held())
        .where(_near(wanted, (wanted,)), col(Slot.id) != wanted.slot_id, _shares(wanted))
        .order_by(col(Slot.starts_at))
    )
    for row in (await connection.execute(near)).all():
        one = row._mapping
        ends_at = one["starts_at"] + timedelta(minutes=one["minutes"])
        if one["starts_at"] < wanted.ends_at and ends_at > wanted.starts_at:
            return one
    return None


async def check_slots(connection: AsyncConnection, new: Iterable[NeededTime]) -> None:
    """Refuses (409) new slots of one clinician, room and device that overlap others of them, or each other."""
    spans = sorted(new, key=lambda one: one.starts_at)
    near = select(slot).where(_near(spans[0], spans), col(Slot.closed_at).is_(None), _shares(spans[0]))
    ordered = near.order_by(col(Slot.starts_at))
    there = [row._mapping for row in (await connection.execute(ordered)).all()]
    begins = [one["starts_at"] for one in there]
    for before, after in pairwise(spans):
        if after.starts_at < before.ends_at:
            raise await _overlap(connection, after, who="The clinician", at=after.starts_at)
    for span in spans:
        around = slice(bisect_left(begins, span.starts_at - LONGEST), bisect_left(begins, span.ends_at))
        for one in there[around]:
            if one["id"] != span.slot_id and one["starts_at"] + timedelta(minutes=one["minutes"]) > span.starts_at:
                raise await _overlap(connection, span, who=_who(span, one), at=one["starts_at"])


async def _overlap(connection: AsyncConnection, wanted: NeededTime, *, who: str, at: datetime) -> Problem:
    return Problem(
        409, f"{who} has another slot at that time: {await spoken_instant(connection, wanted.clinic_id, at)}."
    )


def overruled(caller: Caller, reason: str | None) -> bool:
    """Whether clashes are to be accepted, which is the admin's to say.

    Raises:
        Problem: 403 where somebody else says it.
    """
    if reason is not None and caller.role != "admin":
        raise Problem(403, "Only an admin may overrule a clash.")
    return reason is not None


def held() -> ColumnElement[bool]:
    """Ties a slot to the appointment that holds it."""
    return and_(col(Appointment.clinic_id) == col(Slot.clinic_id), col(Appointment.holds_slot_id) == col(Slot.id))


def _near(wanted: NeededTime, spans: Iterable[NeededTime]) -> ColumnElement[bool]:
    spans = list(spans)
    first, last = min(one.starts_at for one in spans) - LONGEST, max(one.ends_at for one in spans)
    return and_(col(Slot.clinic_id) == wanted.clinic_id, col(Slot.starts_at).between(first, last))


def _shares(wanted: NeededTime) -> ColumnElement[bool]:
    """That a slot needs the same clinician, room, device, or is the same patient's."""
    same = [col(Slot.clinician_id) == wanted.clinician_id]
    if wanted.room is not None:
        room = _alike(col(Slot.room), wanted.room)
        if (
            wanted.site_id is not None
        ):  # another site may have a room of that name; one of which nobody said where is the same
            room = and_(room, or_(col(Slot.site_id) == wanted.site_id, col(Slot.site_id).is_(None)))
        same.append(room)
    if wanted.device is not None:
        same.append(_alike(col(Slot.device), wanted.device))
    if wanted.patient_id is not None:
        same.append(col(Appointment.patient_id) == wanted.patient_id)
    return or_(*same)


def _alike(column: ColumnElement[str | None], name: str) -> ColumnElement[bool]:
    """A name however its letters are written: a room is one, whether somebody typed a capital or not."""
    return func.lower(column) == name.lower()


def _who(wanted: NeededTime, one: RowMapping) -> str:
    if one["clinician_id"] == wanted.clinician_id:
        return "The clinician"
    if wanted.patient_id is not None and one.get("patient_id") == wanted.patient_id:
        return "The patient"
    if wanted.room is not None and (one["room"] or "").lower() == wanted.room.lower():
        return f"The room {wanted.room}"
    return f"The device {wanted.device}"
