"""Sealed events: whatever is done to one afterwards is found, and the first is named."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, delete, insert, select, update

from app.access.audit import sealing
from app.access.audit.checking import CheckedLog, Head, check
from app.access.audit.sealing import AFTER, SEALING, forget_some, newest_seal, seal_due, seal_some
from app.access.audit.tables import AuditEvent, AuditSeal
from app.base.store.leases import leased
from app.base.store.metadata import new_id
from app.base.store.typed import Setting, col, row, table, to, wholes
from tests.conftest import Clock
from tests.support import Service, in_clear

pytestmark = pytest.mark.anyio
event, seal = table(AuditEvent), table(AuditSeal)


@pytest.fixture(autouse=True)
def small_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seals of seven events, so that a few calls make several."""
    monkeypatch.setattr(sealing, "AT_ONCE", 7)


async def sealed(service: Service, clock: Clock, reads: int = 20) -> list[AuditEvent]:
    """Reads a patient's page so often, seals, and returns the clinic's events in their order."""
    for _ in range(reads):
        await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    clock.now += AFTER
    assert await seal_due(service.app.state.database, clock) >= reads
    return await events(service)


async def events(service: Service) -> list[AuditEvent]:
    query = select(event).where(col(AuditEvent.clinic_id) == service.clinic_id).order_by(col(AuditEvent.position))
    async with service.app.state.database.read() as connection:
        return wholes(AuditEvent, (await connection.execute(query)).all())


async def checked(service: Service, *known: Head) -> CheckedLog:
    async with service.app.state.database.read() as connection:
        return await check(connection, service.clinic_id, known=known, now=service.app.state.clock())


async def fault(service: Service, *known: Head) -> str:
    return (await checked(service, *known)).fault or ""


def at(place: int) -> ColumnElement[bool]:
    return col(AuditEvent.position) == place


def of_seal(number: int) -> ColumnElement[bool]:
    return col(AuditSeal.number) == number


async def put(service: Service, this: ColumnElement[bool], *changes: Setting) -> None:
    """Somebody who can write to the database changes a row."""
    of = seal if changes[0][0].table is seal else event
    async with service.app.state.database.engine.begin() as connection:
        assert (await connection.execute(update(of).where(this).ordered_values(*changes))).rowcount >= 1


async def test_events_are_sealed_in_their_order_and_as_they_are_found(service: Service, clock: Clock) -> None:
    found = await sealed(service, clock)
    assert [one.position for one in found] == list(range(len(found)))
    assert [one.at for one in found] == sorted(one.at for one in found)
    one = await checked(service)
    assert (one.head.size, one.unsealed, one.fault) == (len(found), 0, None)
    before = one.head
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    assert (await checked(service)).unsealed == 1
    clock.now += AFTER
    await seal_due(service.app.state.database, clock)
    one = await checked(service, before)
    assert (one.head.size, one.fault) == (before.size + 1, None)


async def test_a_seal_waits_until_its_oldest_event_has(service: Service, clock: Clock) -> None:
    database = service.app.state.database
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    assert await database.write(lambda c: seal_some(c, clock.now)) == 0
    clock.now += AFTER
    assert await database.write(lambda c: seal_some(c, clock.now)) > 0


@pytest.mark.parametrize(
    "change",
    [
        to(col(AuditEvent.account_id), None),
        to(col(AuditEvent.patient_id), UUID(int=1)),
        to(col(AuditEvent.action), "change"),
        to(col(AuditEvent.resource), "diary"),
        to(col(AuditEvent.device), "another"),
        to(col(AuditEvent.address), "192.0.2.1"),
        to(col(AuditEvent.request_id), "another-one"),
        to(col(AuditEvent.why), in_clear("so")),
        to(col(AuditEvent.id), UUID(int=2)),
    ],
    ids=lambda change: change[0].name,
)
async def test_a_change_of_any_part_is_found(service: Service, clock: Clock, change: Setting) -> None:
    await sealed(service, clock)
    await put(service, at(9), change)
    assert (await fault(service)).startswith("event 9 (") and (await fault(service)).endswith(") was changed")


async def test_a_change_of_the_time_is_found(service: Service, clock: Clock) -> None:
    found = await sealed(service, clock)
    await put(service, at(9), to(col(AuditEvent.at), found[9].at + timedelta(microseconds=1)))
    assert (await fault(service)).endswith("was changed")


async def test_one_that_is_dropped_is_found(service: Service, clock: Clock) -> None:
    await sealed(service, clock)
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(delete(event).where(at(11)))
    assert await fault(service) == "event 11 was dropped"


async def test_two_that_change_places_are_found(service: Service, clock: Clock) -> None:
    await sealed(service, clock)
    for old, new in ((8, -1), (9, 8), (-1, 9)):
        await put(service, at(old), to(col(AuditEvent.position), new))
    assert await fault(service) == "events were moved: at place 8 stands what was sealed at 9"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (8, "an event was added at place 8, beside the one that was sealed there"),
        (500, "1 events claim a place that was never sealed, or was forgotten"),
        (-3, "1 events claim a place that was never sealed, or was forgotten"),
    ],
)
async def test_one_that_is_added_is_found(service: Service, clock: Clock, place: int, says: str) -> None:
    one = (await sealed(service, clock))[8]
    more = {**one.model_dump(), "id": new_id(), "position": place}
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(insert(event).values(row(AuditEvent, **more)))
    assert await fault(service) == says


async def test_one_that_is_added_for_the_worker_to_seal_is_found(service: Service, clock: Clock) -> None:
    one = (await sealed(service, clock))[8]
    clock.now += timedelta(hours=2)
    await service.sign_in_again("cleo")
    assert len(await sealed(service, clock, 1)) > 21
    more = {**one.model_dump(), "id": new_id(), "position": None}
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(insert(event).values(row(AuditEvent, **more)))
    assert await fault(service) == ""
    await seal_due(service.app.state.database, clock)
    assert "was added later" in await fault(service)


@pytest.mark.parametrize(
    "change",
    [
        to(col(AuditSeal.leaves), b"\0" * 7 * 32),
        to(col(AuditSeal.root), "0" * 64),
        to(col(AuditSeal.link), "0" * 64),
        to(col(AuditSeal.peaks), b"\0" * 32),
        to(col(AuditSeal.sealed_at), datetime(2026, 4, 1, tzinfo=UTC)),
        to(col(AuditSeal.newest_at), datetime(2025, 4, 1, tzinfo=UTC)),
        to(col(AuditSeal.first), 6),
        to(col(AuditSeal.many), 6),
        to(col(AuditSeal.number), 40),
    ],
    ids=lambda change: change[0].name,
)
async def test_a_change_of_a_seal_is_found(service: Service, clock: Clock, change: Setting) -> None:
    await sealed(service, clock)
    await put(service, of_seal(2), change)
    assert await fault(service) == ("seal 2 is missing" if change[0].name == "number" else "seal 2 was changed")


async def test_whoever_writes_every_seal_anew_is_found_by_a_head_that_was_noted(service: Service, clock: Clock) -> None:
    await sealed(service, clock)
    noted = (await checked(service)).head
    await put(service, at(9), to(col(AuditEvent.resource), "diary"))
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(delete(seal))
        await connection.execute(update(event).ordered_values(to(col(AuditEvent.position), None)))
    await seal_due(service.app.state.database, clock)
    assert await fault(service) == "", "without what was noted elsewhere nobody can tell"
    assert (
        await fault(service, noted) == f"the log of the first {noted.size} events is not the one whose head was noted"
    )


async def test_an_end_that_is_cut_off_is_found_by_a_head_that_was_noted(service: Service, clock: Clock) -> None:
    await sealed(service, clock)
    noted = (await checked(service)).head
    async with service.app.state.database.engine.begin() as connection:
        last = await newest_seal(connection, service.clinic_id)
        assert last is not None
        await connection.execute(delete(seal).where(of_seal(last.number)))
        await connection.execute(delete(event).where(col(AuditEvent.position) >= last.first))
    assert await fault(service) == ""
    says = f"{noted.size} events had been sealed, and the log ends at {last.first}: its end was cut off"
    assert await fault(service, noted) == says
    odd = Head(noted.size - last.many - 1, noted.root, noted.link)
    assert (await fault(service, odd)).startswith(f"no seal ends at {odd.size} any more")


async def test_what_a_clinic_no_longer_keeps_is_forgotten_and_the_rest_still_checked(
    service: Service, clock: Clock
) -> None:
    database = service.app.state.database
    answer = await service("root", "PATCH", "/v1/clinic", json={"audit_days": 364})
    assert answer.status_code == 422
    assert (await service("root", "PATCH", "/v1/clinic", json={"audit_days": 365})).json()["audit_days"] == 365
    many = len(await sealed(service, clock))
    noted = (await checked(service)).head
    clock.now += timedelta(days=365)
    while await database.write(lambda c: forget_some(c, clock.now)):
        pass
    clock.now += AFTER
    await seal_due(database, clock)
    left = await events(service)
    assert len(left) == -(-many // 7), "one event for each seal that was forgotten"
    assert {(one.action, one.resource, one.account_id) for one in left} == {("delete", "audit", None)}
    assert left[-1].why == f"events before place {many}"
    assert await fault(service, noted) == ""
    async with database.engine.begin() as connection:
        await connection.execute(
            update(event).where(at(left[-1].position or 0)).ordered_values(to(col(AuditEvent.why), in_clear("-")))
        )
    assert (await fault(service)).endswith("was changed")


async def forge(service: Service, *, at: datetime, why: str) -> None:
    """An event that somebody writes into the database, for the worker to seal."""
    new = row(AuditEvent, clinic_id=service.clinic_id, id=new_id(), action="delete", resource="audit", at=at, why=why)
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(insert(event).values(new))


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("says", [None, "events before place 14", "events before place x"])
async def test_a_seal_that_only_claims_to_be_forgotten_is_found(
    service: Service, clock: Clock, number: int, says: str | None
) -> None:
    await sealed(service, clock)
    await put(service, of_seal(number), to(col(AuditSeal.forgotten_at), clock.now))
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(delete(event).where(col(AuditEvent.position).between(7 * number - 7, 7 * number - 1)))
    if says is not None:
        await forge(service, at=clock.now, why=says)
    missing = "events before place 7 are gone, and no event says that they were forgotten"
    assert await fault(service) == (missing if number == 1 else "seal 2 is forgotten, and one before it is not")


async def test_an_event_of_a_day_to_come_is_found(service: Service, clock: Clock) -> None:
    await sealed(service, clock)
    await put(service, of_seal(1), to(col(AuditSeal.forgotten_at), clock.now))
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(delete(event).where(col(AuditEvent.position) < 7))
    await forge(service, at=clock.now + timedelta(days=366), why="events before place 7")
    assert "no event says that they were forgotten" in await fault(service)
    clock.now += AFTER
    await sealed(service, clock, 1)
    assert "was added: it claims to be of after it was sealed" in await fault(service)


async def test_of_two_heads_of_one_size_both_must_hold(service: Service, clock: Clock) -> None:
    await sealed(service, clock)
    good = (await checked(service)).head
    for other in (Head(good.size, "0" * 64, good.link), Head(good.size, good.root, "0" * 64)):
        assert "is not the one whose head was noted" in await fault(service, other, good)
        assert "is not the one whose head was noted" in await fault(service, good, other)
    assert await fault(service, good, good) == ""


async def test_a_log_does_not_go_on_from_a_seal_that_was_touched_and_others_do(service: Service, clock: Clock) -> None:
    many = len(await sealed(service, clock))
    last = of_seal(-(-many // 7)) & (col(AuditSeal.clinic_id) == service.clinic_id)
    await put(service, last, to(col(AuditSeal.peaks), b"\0" * 32 * many.bit_count()))
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    for _ in range(3):
        await service("other", "GET", "/v1/patients")
    clock.now += AFTER
    assert await seal_due(service.app.state.database, clock) == 3
    assert await fault(service) == f"seal {-(-many // 7)} was changed"
    assert (await checked(service)).unsealed == 1


async def test_forgetting_is_of_one_clinic_and_on_its_day_and_done_by_the_worker(
    service: Service, clock: Clock
) -> None:
    other, database = service.accounts["other"][0], service.app.state.database
    await service("other", "GET", "/v1/patients")
    await service("root", "PATCH", "/v1/clinic", json={"audit_days": 365})
    found = await sealed(service, clock)
    clock.now = found[0].at + timedelta(days=364, hours=23)
    await seal_due(database, clock)
    assert len(await events(service)) == len(found)
    clock.now = found[-1].at + timedelta(days=365)
    await seal_due(database, clock)
    assert {one.resource for one in await events(service)} == {"audit"}
    query = select(event).where(col(AuditEvent.clinic_id) == other)
    async with database.read() as connection:
        assert len((await connection.execute(query)).all()) > 0


async def test_one_process_seals_at_a_time(service: Service, clock: Clock) -> None:
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    clock.now += AFTER
    database = service.app.state.database
    async with leased(database, SEALING, clock) as held:
        assert held and await seal_due(database, clock) == 0
    assert await seal_due(database, clock) > 0


async def test_each_clinic_has_its_own_log(service: Service, clock: Clock) -> None:
    other = service.accounts["other"][0]
    await service("other", "GET", "/v1/patients")
    await sealed(service, clock)
    async with service.app.state.database.read() as connection:
        theirs = await check(connection, other, now=clock())
    mine = await checked(service)
    assert theirs.fault is None and 0 < theirs.head.size < mine.head.size and theirs.head.root != mine.head.root


async def test_the_head_is_told_to_admins(service: Service, clock: Clock) -> None:
    assert (await service("root", "GET", "/v1/audit/head")).json()["size"] == 0
    await sealed(service, clock)
    told = (await service("root", "GET", "/v1/audit/head")).json()
    head = (await checked(service)).head
    assert (told["size"], told["root"], told["link"]) == (head.size, head.root, head.link)
    assert told["clinic_id"] == str(service.clinic_id)
    for who in ("cleo", "sam", "ada"):
        assert (await service(who, "GET", "/v1/audit/head")).status_code == 403
