"""An appointment with its slot, as every place reads it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from app.base.store.timeline import Step
from app.base.store.typed import RowQuery, col, table
from app.rules.appointments import SPOKEN, AppointmentState
from app.rules.parameters import LATE_WITHIN
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)


@dataclass(frozen=True)
class Booked:
    """An appointment with its slot."""

    clinic_id: UUID
    id: UUID
    patient_id: UUID
    slot_id: UUID
    review_id: UUID | None
    state: AppointmentState
    reason: str | None
    version: int
    created_at: datetime
    starts_at: datetime
    minutes: int
    location: str
    clinician_id: UUID
    kind: str
    room: str | None
    device: str | None
    steps: list[Step]

    @property
    def moved_at(self) -> datetime | None:
        """When it was moved; None where it was not, or was cancelled for good."""
        last = self.steps[-1] if self.steps else None
        moved = self.state == "cancelled" and last is not None and last["what"] == "moved"
        return datetime.fromisoformat(last["at"]) if moved and last is not None else None

    @property
    def stands(self) -> str:
        """How it stands, in a word or two."""
        return "moved to another time" if self.moved_at else SPOKEN[self.state]

    @property
    def late(self) -> bool:
        """Whether it was cancelled so late that the slot is hard to fill."""
        last = self.steps[-1]
        if self.state != "cancelled" or last["what"] not in ("cancelled", "moved"):
            return False
        return datetime.fromisoformat(last["at"]) > self.starts_at - LATE_WITHIN


def appointments() -> RowQuery:
    """A query for the columns of `Booked`, of all clinics."""
    same = and_(col(Slot.clinic_id) == col(Appointment.clinic_id), col(Slot.id) == col(Appointment.slot_id))
    of_appointment = (
        col(Appointment.clinic_id),
        col(Appointment.id),
        col(Appointment.patient_id),
        col(Appointment.slot_id),
        col(Appointment.review_id),
        col(Appointment.state),
        col(Appointment.reason),
        col(Appointment.version),
        col(Appointment.created_at),
    )
    of_slot = col(Slot.starts_at), col(Slot.minutes), col(Slot.location), col(Slot.clinician_id), col(Slot.kind)
    query: RowQuery = select(*of_appointment, *of_slot, col(Slot.room), col(Slot.device), col(Appointment.steps))
    return query.select_from(appointment).join(slot, same)
