"""Making a code with which another clinic takes a record over, and taking it over."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import fresh_code, hash_of_code
from app.access.accounts.permissions import Action, Caller, require
from app.access.accounts.tables import Clinic
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.pools import HEAVY
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store import wall
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, to, whole, wholes
from app.record.patients import service as patients
from app.record.whole import bring_in, export
from app.record.whole.hand_overs.schemas import HandOverIn, HandOverMadeOut, HandOverOut
from app.record.whole.hand_overs.tables import HandOver
from app.record.whole.read_in import read_record

hand_over = table(HandOver)
HOLDS = timedelta(days=14)
NEEDED: tuple[Action, ...] = ("create_patient", "change_procedure", "write_diary")  # of whoever brings a record in


async def make(
    database: Database, caller: Caller, *, patient_id: UUID, given: HandOverIn, once: IdempotentCall, now: datetime
) -> Answer:
    """A code for another clinic; one that was made earlier and not used holds no more.

    Raises:
        Problem: 403; 404; 422 where one of the staff does not say how the patient agreed, or a patient does.
    """
    code = fresh_code()
    own = caller.role == "patient"

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id=patient_id, action="hand_over", lock=True)
        if own and given.agreed is not None:
            raise bad_field("/agreed", "is for the clinic's staff to say")
        if not own and given.agreed is None:
            raise bad_field("/agreed", "is needed: how did the patient agree?")
        unused = and_(_of(person.clinic_id, person.id), col(HandOver.taken_at).is_(None))
        await connection.execute(delete(hand_over).where(unused))
        values = row(
            HandOver,
            clinic_id=person.clinic_id,
            id=new_id(),
            patient_id=person.id,
            code_hash=hash_of_code(code),
            agreed=given.agreed,
            made_by=caller.account_id,
            created_at=now,
            expires_at=now + HOLDS,
        )
        await connection.execute(insert(hand_over), values)
        await audit.record(
            connection, caller, action="create", resource="hand_over", patient_id=person.id, now=now, why=given.agreed
        )
        made_by = "patient" if own else "staff"
        told = HandOverMadeOut.model_validate({**values, "agreed": given.agreed, "made_by": made_by, "code": code})
        return Answer(to_wire(HandOverMadeOut, told), patient_id=person.id, secret=True)

    return await audit.once(database, caller, once, now=now, work=work)


async def list_of(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> list[HandOverOut]:
    """The patient's hand-overs, the newest first."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        query = select(hand_over).where(_of(person.clinic_id, person.id)).order_by(col(HandOver.id).desc())
        found = wholes(HandOver, (await connection.execute(query)).all())
    with wall.own_reach():  # of another clinic only its name
        names = await _names(database, [one.taken_by for one in found if one.taken_by is not None])
    await audit.record_read(database, caller, resource="hand_overs", patient_id=patient_id, now=now)
    return [
        HandOverOut.model_validate(
            {
                **one.model_dump(exclude={"made_by", "taken_by"}),
                "made_by": "patient" if one.agreed is None else "staff",
                "taken_by": None if one.taken_by is None else names.get(one.taken_by),
            }
        )
        for one in found
    ]


async def withdraw(database: Database, caller: Caller, *, patient_id: UUID, hand_over_id: UUID, now: datetime) -> None:
    """Makes a code worthless that nobody has used.

    Raises:
        Problem: 403; 404; 409 where another clinic has the record already.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="hand_over", lock=True)
        this = and_(_of(person.clinic_id, person.id), col(HandOver.id) == hand_over_id)
        found = (await connection.execute(select(hand_over).where(this).with_for_update())).first()
        if found is None:
            raise not_found("hand-over")
        if found.taken_at is not None:
            raise Problem(409, "Another clinic has the record already.")
        await connection.execute(delete(hand_over).where(this))
        await audit.record(connection, caller, action="delete", resource="hand_over", patient_id=person.id, now=now)

    await database.write(work)


async def take(database: Database, caller: Caller, code: str, *, once: IdempotentCall, now: datetime) -> Answer:
    """Brings the record that a code is for into the caller's clinic; the clinic that gave it keeps its own.

    The code is used up, and both clinics' logs say so, in the transaction that brings the record in.

    Raises:
        Problem: 403; 404 for a code that is wrong, used or too old; 409 where the clinic has the patient already.
    """
    for action in NEEDED:
        require(caller, action)
    with wall.own_reach():  # the code says that this one record may be read from the other clinic
        given = await _given(database, caller, code, now=now)
        if given is None:  # unless it was this very call that used it up
            return await audit.once(database, caller, once, now=now, work=_no_code)
        document = await export.document_of(database, given.clinic_id, given.patient_id, now=now)
        names = await _names(database, [caller.clinic_id, given.clinic_id])
    record = await HEAVY.run(partial(read_record, document.encode()), clinic_id=caller.clinic_id)
    wall.hold_to(caller.clinic_id)
    uses = partial(_use, caller=caller, given=given, taker=names[caller.clinic_id], now=now)
    why = f"handed over from {names[given.clinic_id]}"
    return await bring_in.bring_in(database, caller, new=record, once=once, now=now, first=uses, why=why)


async def _no_code(_connection: AsyncConnection) -> Answer:
    raise not_found("code")


def _good(caller: Caller, code_hash: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        col(HandOver.code_hash) == code_hash,
        col(HandOver.expires_at) >= now,
        col(HandOver.taken_at).is_(None),
        col(HandOver.clinic_id) != caller.clinic_id,
    )


async def _given(database: Database, caller: Caller, code: str, *, now: datetime) -> HandOver | None:
    """The hand-over of a code that nobody has used."""
    async with database.read() as connection:
        found = (await connection.execute(select(hand_over).where(_good(caller, hash_of_code(code), now)))).first()
    return None if found is None else whole(HandOver, found)


async def _use(connection: AsyncConnection, *, caller: Caller, given: HandOver, taker: str, now: datetime) -> None:
    """Uses the code up, where it was neither used nor withdrawn meanwhile, and says so in the log of who gave it."""
    await wall.beyond(connection)
    good = _good(caller, given.code_hash, now)
    if (await connection.execute(select(hand_over).where(good).with_for_update())).first() is None:
        raise not_found("code")
    taken = to(col(HandOver.taken_by), caller.clinic_id), to(col(HandOver.taken_at), now)
    await connection.execute(update(hand_over).where(good).ordered_values(*taken))
    await audit.record_of_command(
        connection,
        "read",
        "record",
        clinic_id=given.clinic_id,
        patient_id=given.patient_id,
        now=now,
        why=f"handed over to {taker}",
    )


async def _names(database: Database, clinic_ids: list[UUID]) -> dict[UUID, str]:
    async with database.read() as connection:
        query = select(col(Clinic.id), col(Clinic.name)).where(col(Clinic.id).in_(clinic_ids))
        return {key: name for key, name in (await connection.execute(query)).all()}  # noqa: C416  # rows are typed tuples


def _of(clinic_id: UUID, patient_id: UUID) -> ColumnElement[bool]:
    return and_(col(HandOver.clinic_id) == clinic_id, col(HandOver.patient_id) == patient_id)
