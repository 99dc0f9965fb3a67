"""The worker beside people: what somebody does with a flag or a review in the same moment is not undone."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app.alerts.flags.budget import release
from app.alerts.flags.escalation import hand_on
from app.alerts.flags.service import flag
from app.answers.verdicts.sweep import sweep
from app.work.reviews.reconcile import close_answered
from app.work.reviews.service import review
from tests.alerts.flags.test_conclusions import flags, returned
from tests.alerts.flags.test_escalation import set_clinic, silent_patients
from tests.conftest import Clock
from tests.support import Service
from tests.work.reviews.test_reviews import opened
from tests.work.reviews.test_two_people import all_wait, touched

pytestmark = pytest.mark.anyio


async def worker_meanwhile(service: Service, somebody: Any, step: Any) -> None:
    """The worker's step, begun before somebody's is committed and gone on with after it."""
    database, now = service.app.state.database, service.app.state.clock()
    if database.is_sqlite:
        await database.write(lambda connection: connection.execute(somebody))
        await database.write(partial(step, now=now))
        return
    async with database.engine.begin() as connection:
        await connection.execute(somebody)
        task = asyncio.create_task(database.write(partial(step, now=now)))
        await all_wait(service, [task])
    await task


async def test_a_flag_that_is_being_acknowledged_is_not_handed_on(service: Service, clock: Clock) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    clock.now += timedelta(days=3)
    await service.sign_in_again()
    sam = service.accounts["sam"][1]
    await worker_meanwhile(service, touched(flag, found["id"], state="acknowledged", owner_id=sam), hand_on)
    after = (await service("sam", "GET", f"/v1/flags/{found['id']}")).json()
    assert (after["state"], after["owner_id"], after["escalated_at"]) == ("acknowledged", str(sam), None)
    assert [s["note"] for s in after["steps"]] == ["somebody"]


async def test_a_review_that_is_being_cancelled_is_not_decided_as_well(service: Service, clock: Clock) -> None:
    one = await opened(service)
    clock.now += timedelta(minutes=1)
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5"])
    async for _ in sweep(service.app.state.database, clock):
        pass  # the verdict says that the watch is closed
    mine = touched(review, one["id"], state="cancelled", open_procedure_id=None, closed_at=clock())
    await worker_meanwhile(service, mine, close_answered)
    after = (await service("sam", "GET", f"/v1/reviews/{one['id']}")).json()
    assert (after["state"], after["decision"], [s["note"] for s in after["steps"]]) == ("cancelled", None, ["somebody"])


async def test_a_held_back_flag_that_is_being_acknowledged_is_not_shown_as_new(service: Service, clock: Clock) -> None:
    await set_clinic(service, alarm_budget=0)
    await silent_patients(service, clock, 1)
    held = await flags(service, "held_back=true")
    assert len(held) == 2
    await set_clinic(service, alarm_budget=9)
    sam = service.accounts["sam"][1]
    await worker_meanwhile(service, touched(flag, held[0]["id"], state="acknowledged", owner_id=sam), release)
    mine, other = [(await service("sam", "GET", f"/v1/flags/{one['id']}")).json() for one in held]
    assert (mine["state"], mine["shown_at"], [s["note"] for s in mine["steps"]]) == ("acknowledged", None, ["somebody"])
    assert other["shown_at"] is not None
