"""What became of an appointment: somebody arrived, it is done, or nobody came and its review is to be booked again."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.typed import col, to, whole
from app.rules.appointments import SPOKEN, after
from app.rules.parameters import ARRIVES_FROM
from app.rules.reviews import OPEN
from app.work.calendar import service as calendar
from app.work.calendar.booked import Booked
from app.work.calendar.local_times import spoken_instant
from app.work.calendar.tables import Appointment
from app.work.reviews.appointments import locked, set_day, unbook
from app.work.reviews.service import review
from app.work.reviews.tables import Review

Attendance = Literal["arrive", "finish", "miss", "undo"]
MISSED = "the patient did not come"


async def attend(
    database: Database, caller: Caller, *, appointment_id: UUID, what: Attendance, note: str | None, now: datetime
) -> Booked:
    """Records what became of an appointment; doing it twice changes nothing.

    Raises:
        Problem: 403, 404; 409 where it has not begun yet (one may arrive up to twelve hours before), is over in another
            way, or where the review has moved on.
    """
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Booked:
        one, of = await locked(connection, caller, appointment_id=appointment_id, action="work_review")
        state = after(one.state, what)
        if state is None:
            raise Problem(409, f"The appointment is {SPOKEN[one.state]}.")
        if what != "undo" and now < (one.starts_at - ARRIVES_FROM if what == "arrive" else one.starts_at):
            begins = await spoken_instant(connection, one.clinic_id, one.starts_at)
            raise Problem(409, f"The appointment begins on {begins}.")
        if state != one.state:
            changed = [to(col(Appointment.state), state)]
            await calendar.change(connection, caller, one=one, what=state, now=now, note=note, settings=changed)
            if state == "no_show":
                await unbook(connection, caller, of=of, reason=note or MISSED, now=now)
            elif one.state == "no_show":
                await _tie_again(connection, caller, one=one, state=state, note=note, now=now)
        return await calendar.find(connection, caller, appointment_id=appointment_id, action="work_review")

    return await database.write(work)


async def _tie_again(
    connection: AsyncConnection, caller: Caller, *, one: Booked, state: str, note: str | None, now: datetime
) -> None:
    """Who was missed has come after all: the review that was to be booked again has its appointment.

    One that ended otherwise meanwhile stays as it is, with what became of the appointment on record.

    Raises:
        Problem: 409 where the review has been booked otherwise meanwhile, or has ended and the appointment would stand.
    """
    theirs = select(review).where(col(Review.clinic_id) == one.clinic_id, col(Review.id) == one.review_id)
    found = None if one.review_id is None else (await connection.execute(theirs.with_for_update())).first()
    of = None if found is None else whole(Review, found)
    if of is None:
        return
    to_repeat = of.state == "decided" and of.decision == "repeat"
    if of.state == "booked" or (to_repeat and of.appointment_id not in (None, one.id)):
        raise Problem(409, "Its review has been booked for another day meanwhile.")
    if of.state not in OPEN and not to_repeat:
        if state == "booked":
            raise Problem(
                409, "Its review has ended meanwhile; say that the patient came, or open the review again first."
            )
        return
    why = note or "the patient came after all"
    await set_day(connection, caller, of=of, booked=one, what="book", reason=why, overrule=why, now=now)
