"""Recording and telling what a patient has agreed to."""

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.access.consent.tables import Consent
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import bad_field
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, to
from app.record.patients import service as patients
from app.record.patients.consents.schemas import ConsentIn, ConsentOut
from app.rules.consents import text_of
from app.rules.words import Language

consent = table(Consent)


async def record(
    database: Database, caller: Caller, *, patient_id: UUID, new: ConsentIn, once: IdempotentCall, now: datetime
) -> Answer:
    """Keeps a yes or a no; it holds from the next read on, and what was said before stays on record.

    Raises:
        Problem: 403; 404; 422 for a version that was never asked.
    """

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id=patient_id, action="consent", lock=True)
        language = cast(Language, person.language or "en")
        text = text_of(new.kind, new.version, language)
        if text is None:
            raise bad_field("/version", "was never asked")
        earlier = and_(
            col(Consent.clinic_id) == person.clinic_id,
            col(Consent.patient_id) == person.id,
            col(Consent.kind) == new.kind,
        )
        await connection.execute(update(consent).where(earlier).ordered_values(to(col(Consent.current), False)))
        values = row(
            Consent,
            clinic_id=person.clinic_id,
            id=new_id(),
            patient_id=person.id,
            kind=new.kind,
            version=new.version,
            given=new.given,
            said_at=now,
            account_id=caller.account_id,
        )
        await connection.execute(insert(consent), values)
        await audit.record(connection, caller, action="create", resource="consent", patient_id=person.id, now=now)
        who = _recorded_by(caller.role, caller.own_record, person.id)
        told = ConsentOut.model_validate({**values, "text": text, "recorded_by": who})
        return Answer(to_wire(ConsentOut, told), patient_id=person.id)

    return await audit.once(database, caller, once, now=now, work=work)


async def list_all(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> list[ConsentOut]:
    """Everything that a patient has said, the newest first."""
    query = (
        select(consent, col(Account.role), col(Account.patient_id).label("own_id"))
        .outerjoin(
            account, and_(col(Account.clinic_id) == col(Consent.clinic_id), col(Account.id) == col(Consent.account_id))
        )
        .order_by(col(Consent.said_at).desc(), col(Consent.id).desc())
    )
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        theirs = and_(col(Consent.clinic_id) == person.clinic_id, col(Consent.patient_id) == person.id)
        found = (await connection.execute(query.where(theirs))).all()
    await audit.record_read(database, caller, resource="consents", patient_id=patient_id, now=now)
    language = cast(Language, person.language or "en")
    return [
        ConsentOut.model_validate(
            {
                **one._mapping,
                "text": text_of(one.kind, one.version, language) or "",
                "recorded_by": _recorded_by(one.role, one.own_id, person.id),
            }
        )
        for one in found
    ]


def _recorded_by(role: str | None, own_id: UUID | None, patient_id: UUID) -> Literal["patient", "proxy", "staff"]:
    if role != "patient":
        return "staff"
    return "patient" if own_id == patient_id else "proxy"
