"""What an entry says fits together, by every way in; what was accepted once stays readable."""

from typing import Any

import pytest

from app.rules.medications import Dose, opioid_mme
from tests.support import Service

pytestmark = pytest.mark.anyio
UNDER = {"pain": [{"region": "lumbar", "side": "left", "average": 7, "worst": 5}]}


@pytest.mark.parametrize(("times", "mme"), [(0, 0.0), (1, 60.0), (2, 120.0), (None, 60.0)])
def test_patches_are_counted(times: float | None, mme: float) -> None:
    assert opioid_mme([Dose("4337", 25, "mcg/h", times)]) == mme


@pytest.mark.parametrize(("entry", "pointer"), [(UNDER, "/pain/0/worst"), ({"pain": []}, "/pain")])
async def test_an_entry_that_contradicts_itself_is_refused(
    service: Service, entry: dict[str, Any], pointer: str
) -> None:
    path = f"/v1/patients/{service.ada_id}/diary"
    put = await service("ada", "PUT", f"{path}/2026-04-30", json=entry)
    sent = await service("ada", "POST", path, json={"entries": [{"date": "2026-04-30", **entry}]})
    (item,) = sent.json()["items"]
    assert (put.status_code, item["status"]) == (422, "rejected")
    assert (
        [e["pointer"] for e in put.json()["errors"]] == [e["pointer"] for e in item["problem"]["errors"]] == [pointer]
    )


async def test_an_empty_list_of_pain_beside_something_else_is_no_fault(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    assert (await service("ada", "PUT", path, json={"pain": [], "note": "fine"})).status_code == 201
    equal = {"pain": [{"region": "lumbar", "side": "left", "average": 7, "worst": 7}]}
    assert (await service("ada", "PUT", path, json=equal)).status_code == 200


async def test_a_record_that_holds_what_was_accepted_once_comes_in_with_a_note(service: Service) -> None:
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    at = record["revisions"][0]["received_at"]
    told = {"recorded_at": at, "received_at": at, "account_id": None, "skew_seconds": None, "revision": 1}
    record["diary"] = [
        {**told, "date": "2026-04-30", "content": UNDER},
        {**told, "date": "2026-04-29", "content": {"pain": []}},
    ]
    came = await service("other", "POST", "/v1/records", json=record)
    assert came.status_code == 201, came.text
    assert [n["pointer"] for n in came.json()["notes"]] == ["/diary/0/content/pain/0/worst", "/diary/1/content/pain"]
