"""A patient sees of a flag and a review the reason and the state; the staff's words to each other stay theirs."""

import pytest

from tests.alerts.flags.test_conclusions import returned, work
from tests.support import Service

pytestmark = pytest.mark.anyio
WORDS = "sounds lonely, be gentle"


async def test_of_a_flag_the_reason_and_the_state(service: Service) -> None:
    await returned(service)
    await work(service)
    (flag,) = (await service("cleo", "GET", "/v1/flags?kind=pain_return")).json()["items"]
    where = f"/v1/flags/{flag['id']}"
    await service("cleo", "POST", f"{where}/acknowledge", json={"note": WORDS})
    theirs, hers = [(await service(who, "GET", where)).json() for who in ("cleo", "ada")]
    assert WORDS in str(theirs) and theirs["owner_id"] is not None
    assert WORDS not in str(hers) and hers["owner_id"] is None
    assert (hers["state"], hers["says"]) == ("acknowledged", theirs["says"])
    assert [one["what"] for one in hers["steps"]] == [one["what"] for one in theirs["steps"]]
    for accept in ("application/json", "text/csv"):
        listed = await service("ada", "GET", "/v1/flags?state=acknowledged", headers={"Accept": accept})
        assert listed.status_code == 200 and flag["id"] in listed.text and WORDS not in listed.text


async def test_of_a_review_the_reason_and_the_state(service: Service) -> None:
    procedure = await service.new_procedure()
    review = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    where = f"/v1/reviews/{review}"
    assert (await service("sam", "PATCH", where, json={"note": WORDS})).status_code == 200
    decided = {"decision": "none", "reason": "you are well"}
    assert (await service("cleo", "POST", f"{where}/decide", json=decided)).status_code == 200
    theirs, hers = [(await service(who, "GET", where)).json() for who in ("sam", "ada")]
    assert WORDS in str(theirs) and WORDS not in str(hers)
    assert (hers["state"], hers["decision"], hers["reason"]) == (theirs["state"], "none", "you are well")
    assert (hers["owner_id"], hers["checklist"], {one["by"] for one in hers["steps"]}) == (None, {}, {None})


async def test_what_a_patient_said_stays_readable_to_them(service: Service) -> None:
    await returned(service)
    await work(service)
    for flag in (await service("ada", "GET", "/v1/flags")).json()["items"]:
        said = {"answer": "not_sure", "note": "my own words"}
        if (await service("ada", "POST", f"/v1/flags/{flag['id']}/answer", json=said)).status_code == 200:
            assert "my own words" in (await service("ada", "GET", f"/v1/flags/{flag['id']}")).text
