"""The patient's reminder, and the clinic's request to write."""

from uuid import UUID

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.work.reminders import service
from app.work.reminders.schemas import LaterIn, ReminderIn, ReminderOut

router = APIRouter(prefix="/v1", tags=["messages"])


@router.get("/me/reminder", responses=problems(403))
async def read_reminder(caller: CallerDep, database: DatabaseDep) -> ReminderOut | None:
    """When you are reminded to write; null where you are not."""
    return await service.read(database, caller)


@router.put("/me/reminder", responses=problems(403, 413))
async def set_reminder(given: ReminderIn, caller: CallerDep, database: DatabaseDep, now: Now) -> ReminderOut:
    """Sets the time at which you are reminded, at most once a day, where the day is not written yet.

    It goes to your addresses (`POST /v1/addresses`). Who has been well for long is reminded every third day.
    """
    return await service.put(database, caller, given=given, now=now)


@router.delete("/me/reminder", status_code=204, responses=problems(403))
async def remove_reminder(caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Ends the reminders."""
    await service.remove(database, caller, now=now)


@router.post("/me/reminder/later", responses=problems(403, 404, 413))
async def put_off_reminder(given: LaterIn, caller: CallerDep, database: DatabaseDep, now: Now) -> ReminderOut:
    """Lets the reminder come once more later today; in the quiet hours, from 22:00 to 07:00, it waits for tomorrow."""
    return await service.put_off(database, caller, minutes=given.minutes, now=now)


@router.post("/patients/{patient_id}/ask_to_log", status_code=204, responses=problems(403, 404))
async def ask_to_log(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Asks a patient to write in the diary this week, where they can be reached; at most one such message a day."""
    await service.ask_to_log(database, caller, patient_id=patient_id, now=now)
