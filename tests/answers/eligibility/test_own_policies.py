"""A clinic's own policies: added by their text, kept apart from other clinics', answered like the others."""

import pytest

from app.answers.eligibility.schemas import PolicyIn
from tests.support import Service
from tests.work.reviews.test_reviews import opened

pytestmark = pytest.mark.anyio
OWN = str(PolicyIn.model_config["json_schema_extra"]["example"]["toml"])  # type: ignore[index,call-overload]  # extras are typed loosely


async def names(service: Service, who: str) -> list[str]:
    items = (await service(who, "GET", "/v1/policies")).json()["items"]
    return [one["name"] for one in items if one["own"]]


async def test_a_clinic_goes_by_a_policy_of_its_own(service: Service) -> None:
    added = await service("root", "POST", "/v1/policies", json={"toml": OWN})
    assert (added.status_code, added.json()["own"], added.json()["name"]) == (201, True, "own-payer")
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}/eligibility?policy=own-payer&proposed_on="
    early = (await service("sam", "GET", f"{where}2025-12-01")).json()
    assert (early["version"], early["rules"], early["outstanding"]) == (None, [], ["version"])  # not in force yet
    late = (await service("sam", "GET", f"{where}2026-02-01")).json()
    assert [(r["rule"], r["result"]) for r in late["rules"]] == [("minimum_gap", "met")]
    report = f"/v1/procedures/{review['procedure_id']}/report.pdf?policy=own-payer"
    assert (await service("cleo", "GET", report)).status_code == 200
    proposed = await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json={"policy": "own-payer"})
    assert proposed.json()["policy"] == "own-payer"


async def test_other_clinics_know_nothing_of_it(service: Service) -> None:
    await service("root", "POST", "/v1/policies", json={"toml": OWN})
    assert (await names(service, "cleo"), await names(service, "other")) == (["own-payer"], [])


async def test_a_later_text_takes_the_place_of_the_earlier(service: Service) -> None:
    await service("root", "POST", "/v1/policies", json={"toml": OWN})
    review = await opened(service)
    report = f"/v1/procedures/{review['procedure_id']}/report.pdf?policy=own-payer"
    first = (await service("cleo", "GET", report)).headers["etag"]
    await service("root", "POST", "/v1/policies", json={"toml": OWN.replace("months = 6", "months = 24")})
    where = f"/v1/reviews/{review['id']}/eligibility?policy=own-payer&proposed_on=2026-02-01"
    assert [r["result"] for r in (await service("sam", "GET", where)).json()["rules"]] == ["not_met"]
    assert (await service("cleo", "GET", report)).headers["etag"] != first
    assert await names(service, "root") == ["own-payer"]
    assert (await service("root", "DELETE", "/v1/policies/own-payer")).status_code == 204
    assert await names(service, "root") == []
    gone = await service("sam", "GET", where)
    assert (gone.status_code, gone.json()["errors"][0]["pointer"]) == (422, "/policy")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OWN.replace("months = 6", "months = 0"), "line 12: months"),
        (OWN.replace('"own-payer"', '"medicare-lcd"'), "comes with the service"),
        ("name = ", "line 1"),
    ],
)
async def test_a_text_at_fault_is_refused_with_its_line(service: Service, text: str, says: str) -> None:
    answer = await service("root", "POST", "/v1/policies", json={"toml": text})
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"]) == (422, "/toml")
    assert says in fault["detail"]
    assert await names(service, "root") == []


async def test_those_of_the_service_stay(service: Service) -> None:
    assert (await service("root", "DELETE", "/v1/policies/medicare-lcd")).status_code == 404
