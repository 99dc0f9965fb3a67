"""What became of an appointment: somebody arrived, it is done, or nobody came and its review is to be booked again."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.typed import col, to
from app.rules.appointments import SPOKEN, after
from app.rules.parameters import ARRIVES_FROM
from app.work.calendar import service as calendar
from app.work.calendar.service import Booked
from app.work.calendar.tables import Appointment
from app.work.reviews.appointments import follow, freed, locked

Attendance = Literal["arrive", "finish", "miss"]
MISSED = "the patient did not come"


async def attend(
    database: Database, caller: Caller, *, appointment_id: UUID, what: Attendance, note: str | None, now: datetime
) -> Booked:
    """Records what became of an appointment; doing it twice changes nothing.

    Raises:
        Problem: 403, 404; 409 where it has not begun yet, or is over in another way.
    """
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Booked:
        one, of = await locked(connection, caller, appointment_id=appointment_id, action="work_review")
        state = after(one.state, what)
        if state is None:
            raise Problem(409, f"The appointment is {SPOKEN[one.state]}.")
        if now < (one.starts_at if what == "miss" else one.starts_at - ARRIVES_FROM):
            raise Problem(409, f"The appointment begins on {one.starts_at.isoformat(timespec='minutes')}.")
        if state != one.state:
            changed = [to(col(Appointment.state), state)]
            await calendar.change(connection, caller, one=one, what=state, now=now, note=note, settings=changed)
        if state == "no_show" != one.state:
            stays, changes = await freed(connection, of)
            why = note or MISSED
            await follow(connection, caller, of=of, what="unbook", changes=changes, reason=why, now=now, state=stays)
        return await calendar.find(connection, caller, appointment_id=appointment_id, action="work_review")

    return await database.write(work)
