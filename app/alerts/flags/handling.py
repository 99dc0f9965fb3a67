"""What is done about a flag before it is closed: calls with what came of each, and handing it to a colleague by name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import is_staff
from app.access.audit import service as audit
from app.alerts.flags.conditions import due_again
from app.alerts.flags.rows import changing
from app.alerts.flags.schemas import CallIn, HandIn
from app.alerts.flags.service import find, tag_of
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.http.conditional import require_match
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.base.store.timeline import step
from app.base.store.typed import col, to
from app.rules.days import spoken_day

OVER = ("resolved", "lapsed")


async def called(
    database: Database, caller: Caller, *, flag_id: UUID, given: CallIn, if_match: str | None, now: datetime
) -> Flag:
    """Keeps that the patient was called and what came of it; who calls about an open flag has it from then on.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a flag that is over, 422 for a day to call again that has passed.
    """
    if given.again_on is not None and given.again_on < now.date():
        raise bad_field("/again_on", "has passed")

    async def work(connection: AsyncConnection) -> Flag:
        one = await find(connection, caller, flag_id=flag_id, action="work_flag", lock=True)
        require_match(if_match, tag_of(one))
        _check_open(one)
        again = None if given.again_on is None else f"call again on {spoken_day(given.again_on)}"
        note = "; ".join(part for part in (given.note, again) if part) or None
        taken = step(f"called_{given.outcome}", now, by=caller.account_id, note=note)
        mine = one.state == "open"
        settings = [to(col(Flag.state), "acknowledged"), to(col(Flag.owner_id), caller.account_id)] if mine else []
        await connection.execute(changing(one, *settings, taken=taken))
        await audit.record(connection, caller, action="change", resource="flag", patient_id=one.patient_id, now=now)
        return await find(connection, caller, flag_id=flag_id, action="work_flag")

    return await database.write(work)


async def handed(
    database: Database, caller: Caller, *, flag_id: UUID, given: HandIn, if_match: str | None, now: datetime
) -> Flag:
    """Hands a flag to a colleague, who is told and must acknowledge it; if they do not, it goes the way of the chain.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a flag that is over, 422 for an account that is none of the staff's.
    """

    async def work(connection: AsyncConnection) -> Flag:
        one = await find(connection, caller, flag_id=flag_id, action="work_flag", lock=True)
        require_match(if_match, tag_of(one))
        _check_open(one)
        if not await is_staff(connection, one.clinic_id, given.account_id):
            raise bad_field("/account_id", "is nobody of this clinic's staff")
        ends = one.due_at if one.due_at > now else due_again(one.severity, one.cause, now)
        await connection.execute(
            changing(
                one,
                to(col(Flag.state), "open"),
                to(col(Flag.owner_id), given.account_id),
                to(col(Flag.escalated_at), None),
                to(col(Flag.due_at), ends),
                to(col(Flag.turn), max(one.turn, 1)),
                taken=step("handed", now, by=caller.account_id, note=given.note),
            )
        )
        await post(
            connection,
            one.clinic_id,
            topic="flag.handed",
            key=f"{one.id} by hand {one.version}",
            about={"flag_id": str(one.id), "patient_id": str(one.patient_id)},
            now=now,
            audience="account",
            account_id=given.account_id,
        )
        await audit.record(connection, caller, action="change", resource="flag", patient_id=one.patient_id, now=now)
        return await find(connection, caller, flag_id=flag_id, action="work_flag")

    return await database.write(work)


def _check_open(one: Flag) -> None:
    if one.state in OVER:
        raise Problem(409, f"The flag is {one.state} already.")
