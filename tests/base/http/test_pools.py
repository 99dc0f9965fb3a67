"""Pools of threads: a queue that ends, and of which one clinic never takes more than half."""

import asyncio
from threading import Event
from uuid import UUID

import pytest

from app.base.http.pools import Pool
from app.base.http.problems import Problem

pytestmark = pytest.mark.anyio
ONE, OTHER = UUID(int=1), UUID(int=2)


async def asks(pool: Pool, gate: Event, clinic_id: UUID | None, times: int) -> tuple[list[asyncio.Task[bool]], int]:
    """So many pieces of work at once; those that were taken, and how many were refused with 429."""
    tasks = [asyncio.create_task(pool.run(lambda: gate.wait(10), clinic_id=clinic_id)) for _ in range(times)]
    await asyncio.sleep(0)
    refused = [one for one in tasks if one.done()]
    for one in refused:
        error = one.exception()
        assert isinstance(error, Problem)
        assert (error.status, error.headers) == (429, {"Retry-After": "2"})
    return [one for one in tasks if not one.done()], len(refused)


async def test_one_clinic_takes_half_of_the_room_and_leaves_the_rest_to_others() -> None:
    pool, gate = Pool("test", threads=1, waiting=7, seconds=10), Event()
    mine, refused = await asks(pool, gate, ONE, 6)
    assert (len(mine), refused) == (4, 2)
    others, refused = await asks(pool, gate, OTHER, 3)
    assert (len(others), refused) == (3, 0)
    nobody, refused = await asks(pool, gate, None, 2)
    assert (len(nobody), refused) == (1, 1), "the room has an end for everybody together"
    gate.set()
    assert all(await asyncio.gather(*mine, *others, *nobody))
    again, refused = await asks(pool, gate, ONE, 4)
    assert (len(again), refused) == (4, 0), "what was taken is given back"
    await asyncio.gather(*again)
    assert not pool._taken, "nothing is kept of who has asked"


async def test_a_piece_that_fails_gives_its_room_back() -> None:
    pool = Pool("test", threads=1, waiting=1, seconds=10)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 / 0, clinic_id=ONE)
    assert await pool.run(lambda: "done", clinic_id=ONE) == "done"


async def test_a_wait_has_an_end() -> None:
    pool, gate = Pool("test", threads=1, waiting=1, seconds=0.05), Event()
    with pytest.raises(Problem) as late:
        await pool.run(lambda: gate.wait(5), clinic_id=ONE)
    assert (late.value.status, late.value.headers) == (503, {"Retry-After": "30"})
    gate.set()
