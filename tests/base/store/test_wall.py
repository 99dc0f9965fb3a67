"""Behind the filters stands PostgreSQL: a query without a filter yields one clinic, or nothing."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.access.accounts.service import account
from app.access.accounts.tables import Clinic
from app.base.store import wall
from app.base.store.metadata import metadata, new_id
from app.base.store.typed import col, table
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from tests.commands import reprieve
from tests.conftest import database_on, run_sql
from tests.doors.pages.test_pages import enter
from tests.support import Service

OF_NO_CLINIC = {  # no column says whose a row is: no policy can hold a request to its own
    "cell_key": "ids of keys",
    "challenge": "random bytes for a few minutes, and the hash of half a sign-in",
    "failed_tries": "hashes",
    "lease": "names of work",
}
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    with wall.own_reach():
        yield


async def names(service: Service) -> list[str]:
    """Every patient that a query sees which forgot to ask for a clinic."""
    async with service.app.state.database.read() as connection:
        return sorted((await connection.execute(select(col(Patient.name)))).scalars())


async def test_a_forgotten_filter_yields_ones_own_clinic(service: Service) -> None:
    assert await names(service) == ["Ada Muster", "Bob"], "what serves no one clinic sees all"
    wall.hold_to(service.clinic_id)
    assert await names(service) == ["Ada Muster", "Bob"]
    wall.hold_to(service.accounts["other"][0])
    assert await names(service) == []
    async with service.app.state.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(account))).scalar_one() == 1
        assert (await connection.execute(select(col(Clinic.name)))).scalars().all() == ["There"]


async def test_a_connection_that_nobody_told_sees_nothing(service: Service) -> None:
    async with service.app.state.database.engine.connect() as connection:
        await connection.execute(text(f"RESET {wall.SETTING}"))
        for one in (patient, account, table(Clinic)):
            assert (await connection.execute(select(func.count()).select_from(one))).scalar_one() == 0
        await connection.rollback()
        await connection.execute(text(f"SET {wall.SETTING} = '{wall.ALL}'"))
        await connection.commit()


async def test_nothing_is_written_into_another_clinic(service: Service) -> None:
    wall.hold_to(service.accounts["other"][0])
    values = {
        "clinic_id": service.clinic_id,
        "id": new_id(),
        "username": "nobody here",
        "password_hash": "x",
        "role": "admin",
        "created_at": service.app.state.clock(),
    }
    with pytest.raises(DBAPIError, match="row-level security"):
        await service.app.state.database.write(lambda c: c.execute(insert(account).values(values)))
    changed = await service.app.state.database.write(lambda c: c.execute(text("UPDATE patient SET name = 'X'")))
    assert changed.rowcount == 0


async def test_requests_at_once_keep_their_own_reach(service: Service) -> None:
    async def one(who: str) -> int:
        answer = await service(who, "GET", "/v1/patients")
        return len(answer.json()["items"])

    told = await asyncio.gather(*(asyncio.create_task(one(("cleo", "other")[n % 2])) for n in range(40)))
    assert told == [2, 0] * 20
    assert await names(service) == ["Ada Muster", "Bob"], "a request leaves its reach behind"


async def test_a_name_is_taken_over_all_clinics(service: Service) -> None:
    answer = await service("root", "POST", "/v1/accounts", json={"role": "clinician", "username": "other"})
    assert answer.status_code == 409


async def test_each_table_with_rows_of_a_clinic_is_behind_the_wall(service: Service) -> None:
    query = "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid WHERE relrowsecurity"
    async with service.app.state.database.read() as connection:
        behind = set((await connection.execute(text(query))).scalars())
        role = (await connection.execute(text("SELECT current_user"))).scalar_one()
    of_clinics = {one.name for one in metadata.sorted_tables if "clinic_id" in one.c or one.name == "clinic"}
    assert of_clinics - behind == set()
    assert {one.name for one in metadata.sorted_tables} - of_clinics == set(OF_NO_CLINIC)
    assert role == wall.ROLE


async def test_what_a_page_reads_is_held_as_well(service: Service) -> None:
    seen = []
    held = wall.hold_to

    def noted(clinic_id: UUID) -> None:
        seen.append(clinic_id)
        held(clinic_id)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wall, "hold_to", noted)
        await enter(service)
        await service("nobody", "GET", "/clinic")
        await service("cleo", "GET", "/v1/me")
    assert set(seen) == {service.clinic_id}
    assert len(seen) >= 2


def test_databases_of_one_server_are_migrated_at_once(postgresql_server: str, database_url: str) -> None:
    """The role is the server's: whoever comes second finds it made, and gives the rights in a database of their own."""
    assert database_url
    names = [f"wall_{uuid4().hex}" for _ in range(4)]
    for name in names:
        run_sql(postgresql_server, f'CREATE DATABASE "{name}"')
    urls = [database_on(postgresql_server, name) for name in names]
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda url: reprieve("migrate", url=url), urls))
    assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
    for url in urls:
        assert asyncio.run(may_read(url)), url
    for name in names:
        run_sql(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def may_read(url: str) -> bool:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.execute(text(f"SET ROLE {wall.ROLE}"))
        counted = (await connection.execute(text("SELECT count(*) FROM account"))).scalar_one()
    await engine.dispose()
    return bool(counted == 0)
