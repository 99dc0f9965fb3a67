"""Whoever runs the service makes clinics, whose admins choose their own passwords, and sees how it does."""

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_a_clinic_is_made_and_its_admin_comes_in(service: Service) -> None:
    await service.add("odo", service.clinic_id, "operator")
    made = await service("odo", "POST", "/v1/clinics", json={"name": "Hillside", "admin": "hill"})
    assert made.status_code == 201 and made.headers["cache-control"] == "no-store"
    told = made.json()
    chosen = {"password": "nineteen grey herons waited"}
    assert (await service("nobody", "POST", f"/v1/resets/{told['code']}", json=chosen)).status_code == 204
    await service.show("hill", "hill", chosen["password"])
    me = (await service("hill", "GET", "/v1/me")).json()
    assert (me["role"], me["clinic_id"], me["account_id"]) == ("admin", told["id"], told["admin_id"])
    assert (await service("hill", "GET", "/v1/clinic")).json()["name"] == "Hillside"
    assert (await service("hill", "GET", "/v1/patients")).json()["items"] == []


async def test_a_name_that_is_taken_makes_nothing(service: Service) -> None:
    await service.add("odo", service.clinic_id, "operator")
    before = len((await service("odo", "GET", "/v1/clinics")).json()["items"])
    assert (await service("odo", "POST", "/v1/clinics", json={"name": "Hillside", "admin": "cleo"})).status_code == 409
    listed = (await service("odo", "GET", "/v1/clinics")).json()["items"]
    assert len(listed) == before == 2
    assert (listed[0]["name"], listed[0]["accounts"]) == ("Here", 6)


async def test_the_service_says_how_it_does(service: Service) -> None:
    await service.add("odo", service.clinic_id, "operator")
    told = (await service("odo", "GET", "/v1/system")).json()
    assert (told["ready"], told["clinics"], told["accounts"], told["dead_letters"]) == (True, 2, 7, 0)
    assert told["database"] in ("sqlite", "postgresql") and told["schema_revision"] >= "0018"
