"""A clinic's own policies, beside those that come with the service."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Subquery, and_, func, insert, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.accounts.tables import Clinic
from app.access.audit import service as audit
from app.answers.eligibility.schemas import PolicyIn, PolicyOut
from app.answers.eligibility.service import out
from app.answers.eligibility.tables import ClinicPolicy
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.pools import QUICK
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table
from app.rules.policies import BadPolicyError, Policy, load_text, policies

own = table(ClinicPolicy)
MOST = 100  # policies a clinic
MOST_VERSIONS, MOST_RULES = 20, 30  # of a policy, of a version


async def known(database: Database, clinic_id: UUID) -> dict[str, Policy]:
    """Every policy that a clinic can use, by name: those that come with the service, then its own."""
    return (await known_and_country(database, clinic_id))[0]


async def known_and_country(database: Database, clinic_id: UUID) -> tuple[dict[str, Policy], str | None]:
    """Every policy that a clinic can use, by name, and the clinic's country (ISO 3166-1), from one read."""
    current = _current(clinic_id)
    query = select(col(Clinic.jurisdiction), current.c.name, current.c.text)
    joined = query.select_from(table(Clinic)).outerjoin(current, true()).where(col(Clinic.id) == clinic_id)
    async with database.read() as connection:
        found = (await connection.execute(joined.order_by(current.c.name))).all()
    texts = [(name, text) for _, name, text in found if name is not None]
    own_ones = await QUICK.run(lambda: {name: load_text(text) for name, text in texts}, clinic_id=clinic_id)
    return {**policies(), **own_ones}, found[0][0] if found else None


async def names_known(connection: AsyncConnection, clinic_id: UUID) -> list[str]:
    """The names of every policy that a clinic can use: in a transaction no text is read."""
    return [*policies(), *(name for name, _ in await _texts(connection, clinic_id))]


async def texts(database: Database, caller: Caller) -> dict[str, str]:
    """The texts of the clinic's own policies as they were written, by name; for whoever may change them."""
    require(caller, "change_clinic")
    async with database.read() as connection:
        return dict(await _texts(connection, caller.clinic_id))


async def _texts(connection: AsyncConnection, clinic_id: UUID) -> list[tuple[str, str]]:
    """The clinic's own policies, as they were written."""
    current = _current(clinic_id)
    query = select(current.c.name, current.c.text).order_by(current.c.name)
    return [(name, text) for name, text in (await connection.execute(query)).all()]


def _current(clinic_id: UUID) -> Subquery:
    """Name and newest text of each of the clinic's own policies that has not been ended."""
    newest_first = (col(ClinicPolicy.created_at).desc(), col(ClinicPolicy.id).desc())
    age = func.row_number().over(partition_by=col(ClinicPolicy.name), order_by=newest_first).label("age")
    ranked = (
        select(col(ClinicPolicy.name), col(ClinicPolicy.text), age)
        .where(col(ClinicPolicy.clinic_id) == clinic_id)
        .subquery()
    )
    return select(ranked.c.name, ranked.c.text).where(and_(ranked.c.age == 1, ranked.c.text.is_not(None))).subquery()


async def add(database: Database, caller: Caller, *, given: PolicyIn, once: IdempotentCall, now: datetime) -> Answer:
    """Adds a policy of the clinic's own, or puts a new text in the place of an old one.

    Raises:
        Problem: 403; 409 where the clinic has too many policies; 422 with the line at fault.
    """
    require(caller, "change_clinic")
    try:
        policy = await QUICK.run(partial(load_text, given.toml), clinic_id=caller.clinic_id)
    except BadPolicyError as error:
        raise bad_field("/toml", str(error)) from None
    if len(policy.versions) > MOST_VERSIONS or any(len(one.rules) > MOST_RULES for one in policy.versions):
        raise bad_field("/toml", f"has over {MOST_VERSIONS} versions, or over {MOST_RULES} rules in one")
    if policy.name in policies():
        raise bad_field("/toml", f"name: {policy.name} comes with the service; give your own another name")

    async def work(connection: AsyncConnection) -> Answer:
        there = await names_known(connection, caller.clinic_id)
        if len(there) - len(policies()) >= MOST and policy.name not in there:
            raise Problem(409, f"There are {MOST} already; take one away first.")
        await _keep(connection, caller, name=policy.name, text=given.toml, now=now)
        return Answer(to_wire(PolicyOut, out(policy, own=True)))

    return await audit.once(database, caller, once, now=now, work=work)


async def end(database: Database, caller: Caller, *, name: str, now: datetime) -> None:
    """Ends one of the clinic's own policies; what was answered by it stays as it was.

    Raises:
        Problem: 403; 404 where the clinic has none of that name.
    """
    require(caller, "change_clinic")

    async def work(connection: AsyncConnection) -> None:
        if name in policies() or name not in await names_known(connection, caller.clinic_id):
            raise not_found("policy of your own")
        await _keep(connection, caller, name=name, text=None, now=now)

    await database.write(work)


async def _keep(connection: AsyncConnection, caller: Caller, *, name: str, text: str | None, now: datetime) -> None:
    this = and_(col(ClinicPolicy.clinic_id) == caller.clinic_id, col(ClinicPolicy.name) == name)
    last = (await connection.execute(select(func.max(col(ClinicPolicy.created_at))).where(this))).scalar_one()
    written = now if last is None else max(now, last + timedelta(microseconds=1))  # a clock may step back
    values = row(
        ClinicPolicy,
        clinic_id=caller.clinic_id,
        id=new_id(),
        name=name,
        text=text,
        account_id=caller.account_id,
        created_at=written,
    )
    await connection.execute(insert(own).values(values))
    await audit.record(
        connection, caller, action="create" if text else "delete", resource="policy", patient_id=None, now=now
    )
