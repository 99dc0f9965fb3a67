"""Several sites of one clinic: patients and slots belong to one, and a room is one of its site."""

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio
SLOT = {"starts_at": "2026-06-02T09:00:00+02:00", "minutes": 45, "location": "Lakeside", "room": "Room 2"}


async def site(service: Service, name: str, who: str = "root") -> str:
    made = await service(who, "POST", "/v1/sites", json={"name": name, "phone": "+41 44 000 00 01"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_a_patient_belongs_to_a_site_and_lists_can_be_of_one(service: Service) -> None:
    lake, hill = await site(service, "Lakeside"), await site(service, "Hillside")
    where = f"/v1/patients/{service.ada_id}/site"
    assert (await service("cleo", "GET", where)).json() == {"site": None}
    told = await service("sam", "PUT", where, json={"site_id": lake})
    assert told.json()["site"]["name"] == "Lakeside"
    assert (await service("ada", "GET", where)).json()["site"]["phone"] == "+41 44 000 00 01"
    procedure = await service.new_procedure()
    await service("sam", "POST", f"/v1/procedures/{procedure}/reviews", json={})
    for one, found in ((lake, 1), (hill, 0)):
        assert len((await service("cleo", "GET", f"/v1/patients?site_id={one}")).json()["items"]) == found
        assert len((await service("sam", "GET", f"/v1/reviews?site_id={one}")).json()["items"]) == found
    assert (await service("ada", "PUT", where, json={"site_id": hill})).status_code == 403
    await service("sam", "PUT", where, json={"site_id": hill})
    await service("sam", "PUT", where, json={"site_id": None})
    assert (await service("cleo", "GET", where)).json() == {"site": None}
    assert (await service("root", "DELETE", f"/v1/patients/{service.ada_id}?reason=asked")).status_code == 204


async def test_sites_have_names_of_their_own_and_a_closed_one_takes_nobody(service: Service) -> None:
    lake = await site(service, "Lakeside")
    for name in ("Lakeside", "LAKESIDE"):
        again = await service("root", "POST", "/v1/sites", json={"name": name})
        assert again.status_code == 409
    hill = await site(service, "Hillside")
    assert (await service("root", "PATCH", f"/v1/sites/{hill}", json={"name": "LAKEside"})).status_code == 409
    closed = await service("root", "PATCH", f"/v1/sites/{lake}", json={"closed": True, "phone": None})
    assert (closed.json()["closed"], closed.json()["phone"]) == (True, None)
    where = f"/v1/patients/{service.ada_id}/site"
    for one in (lake, service.ada_id):
        refused = await service("cleo", "PUT", where, json={"site_id": one})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/site_id")
    assert [one["name"] for one in (await service("ada", "GET", "/v1/sites")).json()["items"]] == [
        "Hillside",
        "Lakeside",
    ]
    assert (await service("other", "GET", "/v1/sites")).json()["items"] == []
    assert (await service("other", "PATCH", f"/v1/sites/{hill}", json={"closed": True})).status_code == 403


async def test_a_room_is_one_of_its_site(service: Service) -> None:
    lake, hill = await site(service, "Lakeside"), await site(service, "Hillside")
    await service.add("clara", service.clinic_id, "clinician")
    cleo, clara = (str(service.accounts[who][1]) for who in ("cleo", "clara"))
    first = await service("sam", "POST", "/v1/slots", json={**SLOT, "clinician_id": cleo, "site_id": lake})
    assert (first.status_code, first.json()["site_id"]) == (201, lake)
    same = await service("sam", "POST", "/v1/slots", json={**SLOT, "clinician_id": clara, "site_id": lake})
    assert (same.status_code, "Room 2" in same.text) == (409, True)
    other = await service("sam", "POST", "/v1/slots", json={**SLOT, "clinician_id": clara, "site_id": hill})
    assert other.status_code == 201, other.text
    assert len((await service("sam", "GET", f"/v1/slots?site_id={hill}")).json()["items"]) == 1
    moved = await service("sam", "PATCH", f"/v1/slots/{other.json()['id']}", json={"site_id": lake})
    assert moved.status_code == 409
    nowhere = await service("sam", "PATCH", f"/v1/slots/{other.json()['id']}", json={"site_id": service.ada_id})
    assert nowhere.status_code == 422
    gone = await service("sam", "PATCH", f"/v1/slots/{other.json()['id']}", json={"site_id": None})
    assert gone.status_code == 409, "of a room that is nowhere nobody knows that it is another one"
    await service("sam", "PATCH", f"/v1/slots/{other.json()['id']}", json={"closed": True})
    await service("root", "PATCH", f"/v1/sites/{hill}", json={"closed": True})
    opened = await service("sam", "PATCH", f"/v1/slots/{other.json()['id']}", json={"closed": False})
    assert opened.status_code == 422, "its site is closed"
