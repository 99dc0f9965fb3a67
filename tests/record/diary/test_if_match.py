"""A lost update of a day is refused: who has read another entry than the current one writes nothing."""

import pytest

from tests.support import Service, entry

pytestmark = pytest.mark.anyio
DAY = "2026-04-30"


async def test_who_has_read_an_older_entry_changes_and_deletes_nothing(service: Service) -> None:
    where = f"/v1/patients/{service.ada_id}/diary/{DAY}"
    old = (await service.put(DAY, 4)).headers["ETag"]
    new = (await service.put(DAY, 5)).headers["ETag"]
    assert (await service("ada", "GET", where)).headers["ETag"] == new != old
    for method in ("PUT", "DELETE"):
        body = {"json": entry(6)} if method == "PUT" else {}
        for tag in (old, f"W/{new}", '"none"'):
            refused = await service("ada", method, where, headers={"If-Match": tag}, **body)
            assert refused.status_code == 412, (method, tag)
    assert (await service("ada", "GET", where)).json()["pain"][0]["average"] == 5
    assert len((await service("ada", "GET", f"{where}/revisions")).json()["items"]) == 2
    assert (await service("ada", "PUT", where, json=entry(6), headers={"If-Match": new})).status_code == 200
    newest = (await service("ada", "GET", where)).headers["ETag"]
    assert (await service("ada", "DELETE", where, headers={"If-Match": newest})).status_code == 204


async def test_a_day_without_an_entry_matches_nothing(service: Service) -> None:
    where = f"/v1/patients/{service.ada_id}/diary/{DAY}"
    assert (await service("ada", "PUT", where, json=entry(6), headers={"If-Match": "*"})).status_code == 412
    await service.put(DAY, 4)
    assert (await service("ada", "PUT", where, json=entry(6), headers={"If-Match": "*"})).status_code == 200
    await service("ada", "DELETE", where)
    assert (await service("ada", "PUT", where, json=entry(6), headers={"If-Match": "*"})).status_code == 412
    assert (await service("ada", "PUT", where, json=entry(6))).status_code == 201
