"""Two people at one review: whoever comes second hears of it, and no step is lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.service import flag
from app.work.calendar.service import appointment
from app.work.reviews.service import review
from tests.alerts.flags.test_conclusions import flags, returned
from tests.support import Service, beside, in_clear
from tests.work.reviews.test_bulk import many
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
CROWD = 24
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
Call = Coroutine[Any, Any, httpx.Response]


async def all_wait(service: Service, calls: list[asyncio.Task[httpx.Response]]) -> None:
    """Until each of the calls waits for a row that another transaction holds."""
    async with asyncio.timeout(60), beside(service) as connection:
        while (await connection.execute(WAITING)).scalar_one() < len(calls):
            assert not any(call.done() for call in calls), [call.result().text for call in calls if call.done()]


async def held_up(service: Service, somebody: Any, *calls: Call) -> list[httpx.Response]:
    """What calls answer that come while somebody's step is taken and not committed yet.

    On SQLite, where one writes at a time, they come after it.
    """
    database = service.app.state.database
    if database.is_sqlite:

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(somebody)

        await database.write(work)
        return [await call for call in calls]
    async with database.engine.begin() as connection:
        await connection.execute(somebody)
        tasks = [asyncio.create_task(call) for call in calls]
        await all_wait(service, tasks)
    return list(await asyncio.gather(*tasks))


def touched(table: Any, row_id: str, **values: Any) -> Any:
    """Somebody's step with a row: it is another version from then on, and the step is kept."""
    step = {"at": "2026-05-01T12:00:00+00:00", "by": None, "what": "work", "note": "somebody"}
    return (
        update(table)
        .where(table.c.id == UUID(row_id))
        .values(version=table.c.version + 1, steps=in_clear([step]), **values)
    )


async def current(service: Service, where: str) -> httpx.Response:
    answer = await service("sam", "GET", where)
    assert answer.status_code == 200, answer.text
    return answer


def notes(answer: httpx.Response) -> list[str | None]:
    return [step["note"] for step in answer.json()["steps"]]


async def test_whoever_comes_during_anothers_step_is_told_that_the_row_has_changed(service: Service) -> None:
    one = await opened(service)
    where = f"/v1/reviews/{one['id']}"
    tag = {"If-Match": (await current(service, where)).headers["etag"]}
    (late,) = await held_up(
        service, touched(review, one["id"]), service("cleo", "PATCH", where, json={"note": "late"}, headers=tag)
    )
    assert late.status_code == 412
    assert notes(await current(service, where)) == ["somebody"]


@pytest.mark.parametrize(
    ("step", "body"),
    [("decide", {"decision": "repeat", "reason": "it held"}), ("cancel", {"reason": "a mistake"}), ("book", {})],
)
async def test_it_is_so_of_every_step(service: Service, step: str, body: dict[str, Any]) -> None:
    one = await opened(service)
    where = f"/v1/reviews/{one['id']}"
    tag = {"If-Match": (await current(service, where)).headers["etag"]}
    body = body or {"slot_id": await slot(service)}
    (late,) = await held_up(
        service, touched(review, one["id"]), service("cleo", "POST", f"{where}/{step}", json=body, headers=tag)
    )
    assert late.status_code == 412
    after = await current(service, where)
    assert (after.json()["state"], notes(after)) == ("opened", ["somebody"])
    assert (await service("sam", "GET", "/v1/appointments")).json()["items"] == []


async def test_a_step_without_a_tag_is_added_to_the_one_it_has_waited_for(service: Service) -> None:
    one, asked = await opened(service), {"blocks": "yes"}
    where = f"/v1/reviews/{one['id']}"
    answers = await held_up(
        service,
        touched(review, one["id"]),
        service("cleo", "PATCH", where, json={"note": "cleo"}),
        service("sam", "PATCH", where, json={"checklist": asked, "note": "sam"}),
    )
    assert [a.status_code for a in answers] == [200, 200]
    after = await current(service, where)
    first, *rest = notes(after)
    assert (first, sorted(map(str, rest)), after.json()["checklist"]) == ("somebody", ["cleo", "sam"], asked)


async def test_a_review_that_was_decided_meanwhile_allows_no_step(service: Service) -> None:
    one = await opened(service)
    where = f"/v1/reviews/{one['id']}"
    decided = touched(review, one["id"], state="decided", decision="repeat", open_procedure_id=None)
    (late,) = await held_up(service, decided, service("cleo", "POST", f"{where}/cancel", json={"reason": "late"}))
    assert late.status_code == 409
    assert (await current(service, where)).json()["state"] == "decided"


async def test_of_two_with_the_same_tag_exactly_one_wins(service: Service) -> None:
    one = await opened(service)
    where = f"/v1/reviews/{one['id']}"
    for round_ in range(6):
        tag = {"If-Match": (await current(service, where)).headers["etag"]}
        answers = await asyncio.gather(
            *(service(who, "PATCH", where, json={"note": f"{who} {round_}"}, headers=tag) for who in ("sam", "cleo"))
        )
        assert sorted(a.status_code for a in answers) == [200, 412], round_
        (won,) = [a for a in answers if a.status_code == 200]
        assert notes(won) == notes(await current(service, where))
    assert len(notes(await current(service, where))) == 1 + 6


async def test_of_a_crowd_nobodys_step_is_lost(service: Service) -> None:
    one = await opened(service)
    where = f"/v1/reviews/{one['id']}"
    said = [f"note {i}" for i in range(CROWD)]
    answers = await asyncio.gather(
        *(service(("sam", "cleo")[i % 2], "PATCH", where, json={"note": note}) for i, note in enumerate(said))
    )
    assert {a.status_code for a in answers} == {200}
    assert sorted(str(n) for n in notes(await current(service, where))[1:]) == sorted(said)
    assert len({a.headers["etag"] for a in answers}) == CROWD, "each is a version of its own"


async def test_a_bulk_step_is_undone_by_one_and_not_over_anothers_step(service: Service) -> None:
    one = await opened(service)
    done = await many(service, [one["id"]], "wait", reason="after the summer", wait_until="2026-09-01")
    undo = f"/v1/reviews/bulk/{done['id']}/undo"
    (late,) = await held_up(service, touched(review, one["id"]), service("cleo", "POST", undo))
    assert [i["status"] for i in late.json()["items"]] == ["rejected"]
    assert (await current(service, f"/v1/reviews/{one['id']}")).json()["state"] == "decided"


async def test_an_appointment_that_is_cancelled_meanwhile_is_neither_confirmed_nor_moved(service: Service) -> None:
    one = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{one['id']}/book", json={"slot_id": await slot(service)})
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    other = await slot(service, "2026-06-09T09:00:00+02:00")
    where = f"/v1/appointments/{mine['id']}"
    answers = await held_up(
        service,
        touched(appointment, mine["id"], state="cancelled", holds_slot_id=None),
        service("ada", "POST", f"{where}/confirm"),
        service("sam", "POST", f"{where}/move", json={"slot_id": other, "reason": "away"}),
    )
    assert [a.status_code for a in answers] == [409, 409]
    items = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    assert [(a["id"], a["state"]) for a in items] == [(mine["id"], "cancelled")]


async def test_a_flag_that_somebody_has_taken_meanwhile_is_not_taken_again(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    where = f"/v1/flags/{found['id']}"
    tag = {"If-Match": (await current(service, where)).headers["etag"]}
    mine = touched(flag, found["id"], state="acknowledged", owner_id=service.accounts["sam"][1])
    late, plain = await held_up(
        service,
        mine,
        service("cleo", "POST", f"{where}/acknowledge", headers=tag),
        service("cleo", "POST", f"{where}/acknowledge"),
    )
    assert (late.status_code, plain.status_code) == (412, 409)
    now = await current(service, where)
    assert (now.json()["owner_id"], notes(now)) == (str(service.accounts["sam"][1]), ["somebody"])
    over = await service("cleo", "POST", f"{where}/acknowledge", headers={"If-Match": now.headers["etag"]})
    assert (over.status_code, over.json()["owner_id"]) == (200, str(service.accounts["cleo"][1]))


async def test_what_a_second_person_did_is_not_lost_without_a_word(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    where = f"/v1/flags/{found['id']}/resolve"
    first = await service("sam", "POST", where, json={"note": "called her"})
    again = [await service("sam", "POST", where, json=body) for body in ({"note": "called her"}, {})]
    assert [one.json() for one in again] == [first.json()] * 2
    late = [await service(who, "POST", where, json={"note": "saw her"}) for who in ("cleo", "sam")]
    assert [(one.status_code, one.json()["detail"]) for one in late] == [(409, "The flag is resolved already.")] * 2
