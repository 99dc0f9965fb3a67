from typing import Any

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio
NEW = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}


async def test_a_patient_is_created_read_and_changed(service: Service) -> None:
    made = await service("cleo", "POST", "/v1/patients", json=NEW)
    assert made.status_code == 201
    path = made.headers["location"]
    read = await service("cleo", "GET", path)
    assert read.json() == made.json()
    assert (await service("cleo", "GET", path, headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    changed = await service("cleo", "PATCH", path, json={"name": "Eva"}, headers={"If-Match": read.headers["etag"]})
    assert (changed.status_code, changed.json()["name"], changed.json()["born_on"]) == (200, "Eva", "1970-01-01")
    lost = await service("cleo", "PATCH", path, json={"name": "Evi"}, headers={"If-Match": read.headers["etag"]})
    assert lost.status_code == 412
    assert (await service("cleo", "GET", path)).json()["name"] == "Eva"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"born_on": "2030-01-01"}, "/born_on"),
        ({"born_on": "1800-01-01"}, "/born_on"),
        ({"sex": "f"}, ""),
        ({"name": "x" * 201}, "/name"),
        ({"born_on": None}, "/born_on"),
        ({"born_on": 0}, "/born_on"),
    ],
)
async def test_a_bad_patient_is_refused_with_its_place(service: Service, change: dict[str, Any], pointer: str) -> None:
    for method, path in (("POST", "/v1/patients"), ("PATCH", f"/v1/patients/{service.ada_id}")):
        body = {**NEW, **change} if method == "POST" else change
        answer = await service("cleo", method, path, json=body)
        assert answer.status_code == 422, answer.text
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


async def test_patients_change_their_own_time_zone_and_language_and_nothing_else(service: Service) -> None:
    mine = f"/v1/patients/{service.ada_id}"
    changed = await service("ada", "PATCH", mine, json={"time_zone": "Asia/Tokyo", "language": "de"})
    assert (changed.status_code, changed.json()["time_zone"], changed.json()["language"]) == (200, "Asia/Tokyo", "de")
    for more in ({"name": "Eve"}, {"born_on": "1970-01-01"}, {"payer": "aetna"}, {"name": "Eve", "language": "fr"}):
        assert (await service("ada", "PATCH", mine, json=more)).status_code == 403, more
    assert (await service("bob", "PATCH", mine, json={"language": "fr"})).status_code == 404
    told = (await service("ada", "GET", mine)).json()
    assert (told["name"], told["born_on"], told["language"]) == ("Ada Muster", "1961-04-02", "de")
    history = (await service("cleo", "GET", f"{mine}/history")).json()["items"]
    assert len(history) == 2


async def test_lists_page_by_a_cursor_that_new_rows_do_not_shift(service: Service) -> None:
    for i in range(5):
        await service("cleo", "POST", "/v1/patients", json={**NEW, "name": f"P{i}"})
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        params: dict[str, Any] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await service("cleo", "GET", "/v1/patients", params=params)).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        await service("cleo", "POST", "/v1/patients", json={**NEW, "name": "later"}) if len(seen) == 3 else None
    assert seen == ["Ada Muster", "Bob", "P0", "P1", "P2", "P3", "P4", "later"]
    assert (await service("cleo", "GET", "/v1/patients", params={"cursor": "!"})).status_code == 422


async def test_text_is_kept_as_it_was_written(service: Service) -> None:
    name = "Zoë <b>O'Hara</b>; DROP TABLE patient;-- עברית 🙂"
    made = await service("cleo", "POST", "/v1/patients", json={**NEW, "name": name})
    assert made.json()["name"] == name


@pytest.mark.parametrize("what", ["diary", "event", "procedure", "nothing"])
async def test_a_birth_is_not_moved_past_what_is_on_record(service: Service, what: str) -> None:
    where = f"/v1/patients/{service.ada_id}"
    if what == "diary":
        await service.put("2026-04-01", 5)
    elif what == "event":
        about = {"kind": "injury", "happened_on": "2026-04-01"}
        assert (await service("cleo", "POST", f"{where}/events", json=about)).status_code == 201
    elif what == "procedure":
        await service.new_procedure(performed_on="2026-04-01")
    moved = await service("cleo", "PATCH", where, json={"born_on": "2026-04-02"})
    if what == "nothing":
        assert moved.status_code == 200, moved.text
        return
    assert moved.status_code == 422
    (fault,) = moved.json()["errors"]
    assert (fault["pointer"], fault["detail"]) == ("/born_on", "lies after 2026-04-01, a day that is on record")
    assert (await service("cleo", "PATCH", where, json={"born_on": "2026-04-01"})).status_code == 200


async def test_what_was_deleted_or_is_another_patients_is_no_hindrance_to_a_birth(service: Service) -> None:
    where = f"/v1/patients/{service.ada_id}"
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    about = {"kind": "injury", "happened_on": "2020-01-01"}
    assert (await service("cleo", "POST", f"/v1/patients/{bob}/events", json=about)).status_code == 201
    await service.put("2026-03-01", 5)
    procedure = await service.new_procedure(performed_on="2026-03-01")
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).status_code == 200
    assert (await service("root", "DELETE", f"/v1/procedures/{procedure}?reason=wrong")).status_code == 204
    assert (await service("cleo", "PATCH", where, json={"born_on": "2026-04-01"})).status_code == 422
    gone = await service("cleo", "DELETE", f"{where}/diary/2026-03-01")
    assert gone.status_code in (200, 204), gone.text
    moved = await service("cleo", "PATCH", where, json={"born_on": "2026-04-01"})
    assert moved.status_code == 200, moved.text
