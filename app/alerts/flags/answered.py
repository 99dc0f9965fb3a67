"""What a decided review answers: the flags of its procedure are resolved with it, and come back if it is taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.alerts.flags.conditions import IN_REVIEW
from app.alerts.flags.rows import changing
from app.alerts.flags.service import RED
from app.alerts.flags.tables import Flag
from app.base.store.timeline import Step, step
from app.base.store.typed import RowQuery, col, table, to, wholes

flag = table(Flag)
ANSWERED = ("pain_return", "return_likely", "masked_climb")  # what a review of a repeat is about


WORKS_ON = "somebody works on its review"


async def take_on(
    connection: AsyncConnection, caller: Caller, *, procedure_id: UUID, flag_id: UUID | None, now: datetime
) -> None:
    """Whoever works on a review has the flags that it is about, where nobody has them: they are handed on to nobody else."""
    query = select(flag).where(_about(caller, procedure_id, flag_id), col(Flag.state) == "open")
    for one in await _locked(connection, query):
        taken = step("acknowledged", now, by=caller.account_id, note=WORKS_ON)
        await _take(connection, caller, one=one, taken=taken, owner_id=caller.account_id, now=now)


async def give_back(
    connection: AsyncConnection,
    caller: Caller,
    *,
    procedure_id: UUID,
    flag_id: UUID | None,
    taken_at: datetime,
    now: datetime,
) -> None:
    """The step with a review that took its flags on was undone: they are nobody's again, due as they were."""
    query = select(flag).where(_about(caller, procedure_id, flag_id), col(Flag.state) == "acknowledged")
    for one in await _locked(connection, query):
        last = one.steps[-1]
        if last["note"] == WORKS_ON and datetime.fromisoformat(last["at"]) >= taken_at:
            given = step("open", now, by=caller.account_id, note="the step with its review was undone")
            await _take(connection, caller, one=one, taken=given, owner_id=None, now=now)


async def resolve_answered(
    connection: AsyncConnection,
    caller: Caller,
    *,
    review_id: UUID,
    procedure_id: UUID,
    flag_id: UUID | None,
    decision: str,
    now: datetime,
) -> None:
    """Resolves the open flags that a review was about: a return of its procedure, and the flag that it was opened for."""
    still = col(Flag.state).in_(("open", "acknowledged"))
    for one in await _locked(connection, select(flag).where(_about(caller, procedure_id, flag_id), still)):
        taken = step("resolved", now, by=caller.account_id, note=f"{_of(review_id)}: {decision.replace('_', ' ')}")
        await _take(connection, caller, one=one, taken=taken, owner_id=caller.account_id, now=now)


async def take_up_again(
    connection: AsyncConnection, caller: Caller, *, review_id: UUID, patient_id: UUID, now: datetime
) -> None:
    """A decision was taken back: the flags that it resolved are somebody's again, where their cause still lasts.

    They are whoever's takes it back, or whose decision it was where a patient does, by giving the slot up.
    """
    query = select(flag).where(
        col(Flag.clinic_id) == caller.clinic_id,
        col(Flag.patient_id) == patient_id,
        col(Flag.state) == "resolved",
        col(Flag.ceased_on).is_(None),
    )
    for one in await _locked(connection, query):
        if not (one.steps[-1]["note"] or "").startswith(_of(review_id)):
            continue
        decided = UUID(one.steps[-1]["by"]) if one.steps[-1]["by"] else None
        owner = decided if caller.role == "patient" else caller.account_id
        taken = step("acknowledged", now, by=owner, note="the review goes on")
        await _take(connection, caller, one=one, taken=taken, owner_id=owner, now=now)


def _about(caller: Caller, procedure_id: UUID, flag_id: UUID | None) -> ColumnElement[bool]:
    """The flags that a review is about, but for a red one, which is looked at by itself."""
    about = [and_(col(Flag.procedure_id) == procedure_id, col(Flag.kind).in_(ANSWERED))]
    if flag_id is not None:
        about.append(and_(col(Flag.id) == flag_id, col(Flag.kind) != RED))
    return and_(col(Flag.clinic_id) == caller.clinic_id, or_(*about))


async def _take(
    connection: AsyncConnection, caller: Caller, *, one: Flag, taken: Step, owner_id: UUID | None, now: datetime
) -> None:
    """Takes a step with a flag whose row is locked; the step is named as the state that it leads to."""
    await connection.execute(
        changing(
            one,
            to(col(Flag.state), taken["what"]),
            to(col(Flag.owner_id), owner_id),
            to(col(Flag.ended_at), now if taken["what"] == "resolved" else None),
            taken=taken,
        )
    )
    await audit.record(connection, caller, action="change", resource="flag", patient_id=one.patient_id, now=now)


def _of(review_id: UUID) -> str:
    return f"{IN_REVIEW}{review_id}"


async def _locked(connection: AsyncConnection, query: RowQuery) -> list[Flag]:
    """Flags of a query, locked in the order in which every writer of several locks them."""
    return wholes(Flag, (await connection.execute(query.order_by(col(Flag.id)).with_for_update())).all())
