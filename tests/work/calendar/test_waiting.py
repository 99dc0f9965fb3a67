"""The waiting list: who wants a slot, what would fit, and what booking does to it."""

from typing import Any

import pytest
from sqlalchemy import select

from app.alerts.messages.outbox import message
from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio


async def waits(service: Service, **more: Any) -> dict[str, Any]:
    answer = await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def listed(service: Service, who: str = "sam") -> list[dict[str, Any]]:
    return list((await service(who, "GET", "/v1/waiting")).json()["items"])


async def test_each_is_shown_what_would_fit(service: Service) -> None:
    early = await slot(service, "2026-05-10T23:30:00+02:00")
    good = await slot(service, "2026-06-02T09:00:00+02:00")
    await slot(service, "2026-06-03T09:00:00+02:00", minutes=20)
    await slot(service, "2026-06-04T09:00:00+02:00", kind="consultation")
    one = await waits(service, minutes=45, first_on="2026-05-11")
    assert [f["id"] for f in one["fits"]] == [good]
    assert [f["id"] for f in (await listed(service))[0]["fits"]] == [good]
    await service("sam", "DELETE", f"/v1/waiting/{one['id']}")
    other = await waits(service, minutes=45, last_on="2026-05-10")
    assert [f["id"] for f in other["fits"]] == [early]  # the 10th in her calendar, although the 11th is near


async def test_she_waits_once_a_kind(service: Service) -> None:
    one = await waits(service)
    again = await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id})
    assert (again.status_code, again.json()["id"]) == (200, one["id"])
    await waits(service, kind="consultation")
    assert len(await listed(service)) == 2


async def test_booking_takes_her_off_the_list(service: Service) -> None:
    await waits(service)
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    assert await listed(service) == []


async def test_she_sees_and_withdraws_her_own(service: Service) -> None:
    one = await waits(service)
    assert [w["id"] for w in await listed(service, "ada")] == [one["id"]]
    assert await listed(service, "bob") == []
    assert (await service("bob", "DELETE", f"/v1/waiting/{one['id']}")).status_code == 404
    assert (await service("ada", "DELETE", f"/v1/waiting/{one['id']}")).status_code == 204
    assert (await service("ada", "DELETE", f"/v1/waiting/{one['id']}")).status_code == 204
    assert await listed(service) == []


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"first_on": "2026-06-02", "last_on": "2026-06-01"}, "/last_on"),
        ({"clinician_id": "0199a3c4-7d00-7a00-8000-000000000001"}, "/clinician_id"),
        ({"minutes": 2}, "/minutes"),
        ({"last_on": "2026-04-30"}, "/last_on"),
    ],
)
async def test_what_does_not_fit_together_is_refused(service: Service, more: dict[str, Any], pointer: str) -> None:
    answer = await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id, **more})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_the_clinic_hears_of_a_slot_that_is_free_again(service: Service) -> None:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    ada, bob = service.ada_id, str((await service("bob", "GET", "/v1/me")).json()["patient_id"])
    service.ada_id = bob
    await waits(service, minutes=60)  # longer than the slot: nothing to tell
    service.ada_id = ada
    await service("ada", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert "slot.freed" not in await topics(service)
    await service("sam", "DELETE", f"/v1/waiting/{(await listed(service))[0]['id']}")
    service.ada_id = bob
    await waits(service, minutes=30)
    service.ada_id = ada
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": mine["slot_id"]})
    (again,) = [a for a in (await service("ada", "GET", "/v1/appointments")).json()["items"] if a["state"] == "booked"]
    await service("sam", "POST", f"/v1/appointments/{again['id']}/cancel", json={"reason": "ill"})
    assert "slot.freed" in await topics(service)


async def topics(service: Service) -> list[str]:
    async with service.app.state.database.read() as connection:
        return [row.topic for row in await connection.execute(select(message.c.topic))]
