"""Behind a pooler that hands connections on by transaction: who sees what, and what is refused."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.base.settings import SettingError, Settings
from app.base.store import wall
from app.base.store.backup import back_up
from app.base.store.database import Database
from app.base.store.migrate import check
from app.base.store.postgresql import address_of, arguments_of
from app.base.store.prepared import prepared_select
from app.base.store.typed import col
from app.record.patients.tables import Patient
from tests.aside import aside
from tests.base.store.pooler import PGBOUNCER, pooled
from tests.conftest import Clock, empty
from tests.support import Service, service_on

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(PGBOUNCER is None, reason="there is no pgbouncer on this machine"),
]


UNFILTERED = prepared_select(select(col(Patient.name)))


@pytest.fixture
def through(migrated_postgresql: str) -> Iterator[str]:
    """The database of the tests through a pooler with fewer connections to the server than it is asked for."""
    folder = Path(mkdtemp(prefix="reprieve-pooler-"))  # outside pytest's own, which is closed to other users
    folder.chmod(0o755)
    with pooled(migrated_postgresql, folder, servers=2) as url:
        yield url
    shutil.rmtree(folder)
    aside(lambda: empty(migrated_postgresql))


@pytest.fixture
async def service(through: str, clock: Clock) -> AsyncIterator[Service]:
    async with service_on(through, clock) as running:
        yield running


async def test_two_clinics_on_one_connection_see_their_own(service: Service) -> None:
    """Many calls at once, hot ones and others, each of which must find its clinic whatever went before it."""
    procedure = await service.new_procedure()
    for round_ in range(4):
        scores = [{"region": "lumbar", "side": "left", "average": 4}]
        entry = {"entries": [{"date": f"2026-04-{10 + round_}", "pain": scores}]}
        answers = await asyncio.gather(
            service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json=entry),
            *(service(who, "GET", "/v1/patients") for who in ("cleo", "other") * 4),
            *(service(who, "GET", f"/v1/procedures/{procedure}/relief") for who in ("cleo", "other") * 4),
        )
        codes = [one.status_code for one in answers]
        assert codes == [200, *[200] * 8, *[200, 404] * 4]
        names = [{p["name"] for p in one.json()["items"]} for one in answers[1:9]]
        assert names[0::2] == [{"Ada Muster", "Bob"}] * 4 and names[1::2] == [set()] * 4


async def test_the_second_wall_stands_in_each_transaction(service: Service) -> None:
    """A query that forgot to ask for a clinic, between transactions of other reaches on the same connection."""
    database: Database = service.app.state.database

    async def names(reach: UUID | None) -> list[str]:
        with wall.own_reach():
            if reach is not None:
                wall.hold_to(reach)
            async with database.read() as connection:
                assert (await connection.execute(text("SELECT current_user"))).scalar_one() == wall.ROLE
                seen = [(one,) for one in (await connection.execute(select(col(Patient.name)))).scalars()]
            assert sorted(await database.read_many(UNFILTERED, {})) == sorted(seen), "on the hot paths, too"
            assert sorted(await database.write_prepared(lambda one: one.rows(UNFILTERED, {}))) == sorted(seen)
            return sorted(name for (name,) in seen)

    mine, theirs, everyone = service.clinic_id, service.accounts["other"][0], None
    for _ in range(5):
        found = await asyncio.gather(*(names(reach) for reach in (mine, theirs, everyone)))
        assert found == [["Ada Muster", "Bob"], [], ["Ada Muster", "Bob"]]


async def test_a_statement_that_takes_too_long_is_given_up(through: str) -> None:
    database = Database(through, 1, statement_seconds=0.2)
    try:
        async with database.read() as connection:
            with pytest.raises(Exception, match="statement timeout"):
                await connection.execute(text("SELECT pg_sleep(5)"))
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    finally:
        await database.close()


async def test_a_pooler_that_nobody_has_told_of_is_refused(through: str, migrated_postgresql: str) -> None:
    await check(through)
    await check(migrated_postgresql)
    await check(through.replace("?pooled=true", "?pooled=false"))
    for _ in range(5):
        with pytest.raises(SettingError, match="pooled=true"):
            await check(through.replace("?pooled=true", ""))


async def test_nothing_is_left_on_the_connections_to_the_server(service: Service) -> None:
    """What a transaction was told is gone with it: whoever comes next through the pooler finds none of it."""
    url = service.app.state.settings.url
    wall.hold_to(service.clinic_id)
    for _ in range(4):
        await asyncio.gather(*(service("cleo", "GET", "/v1/patients") for _ in range(4)))
        await service.put("2026-04-20", 4)
        left = create_async_engine(address_of(url), connect_args=arguments_of(url))
        async with left.connect() as one, left.connect() as other:
            for each in (one, other):
                kept = ", ".join(
                    f"current_setting('{one}', true)" for one in (wall.SETTING, "role", "statement_timeout")
                )
                clinic, role, patience = (await each.execute(text(f"SELECT {kept}"))).one()
                assert (clinic or "", role, patience) == ("", "none", "0")
        await left.dispose()


def test_a_copy_is_made_of_the_server_itself(through: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="pg_dump goes to the server itself"):
        back_up(through, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite:///a.db?pooled=false", "postgresql://a@b/c?pooled=yes"])
def test_what_it_can_not_mean_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="leave it out"):
        Settings.model_validate({"database_url": url})
