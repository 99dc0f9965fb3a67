"""Which policy answers: the one asked for, else the payer's, else that of the clinic's country; always by `half`."""

from typing import Any

import pytest

from app.answers.eligibility.choice import of_country, of_payer
from app.rules.policies import policies
from tests.support import Service, course

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("country", "name"),
    [("US", "medicare-lcd"), ("AU", "mbs-39110"), ("GB", "nice-ng59"), ("CH", "medicare-lcd"), (None, "medicare-lcd")],
)
def test_a_country_has_its_usual_policy(country: str | None, name: str) -> None:
    assert of_country(country, "lumbar").name == name


def test_a_region_may_have_a_policy_of_its_own() -> None:
    """In the United States another determination of Medicare answers for the sacroiliac joint."""
    assert of_country("US", "sacroiliac").name == "medicare-sacroiliac"
    assert of_country("AU", "sacroiliac").name == "mbs-39110"


@pytest.mark.parametrize(
    ("payer", "name"),
    [("bcbs-nd", "bcbs-nd"), (" BCBS ND ", "bcbs-nd"), ("AOK", None), (None, None)],
)
def test_a_payer_is_known_by_its_policys_name(payer: str | None, name: str | None) -> None:
    found = of_payer(payer, policies())
    assert (None if found is None else found.name) == name


async def answered(service: Service, procedure: str, **asked: Any) -> dict[str, Any]:
    told = await service("cleo", "GET", f"/v1/procedures/{procedure}/follow_up", params=asked)
    return dict(told.json()["eligibility"])


async def test_the_one_asked_for_then_the_payers_then_the_countrys(service: Service) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    assert (await answered(service, procedure))["policy"] == "medicare-lcd"
    await service("root", "PATCH", "/v1/clinic", json={"jurisdiction": "AU"})
    assert (await answered(service, procedure))["policy"] == "mbs-39110"
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"payer": "BCBS ND"})
    assert (await answered(service, procedure))["policy"] == "bcbs-nd"
    assert (await answered(service, procedure, policy="cohen-2020"))["policy"] == "cohen-2020"
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"payer": None})
    assert (await answered(service, procedure))["policy"] == "mbs-39110"


async def test_a_policy_is_answered_by_half_whatever_is_looked_at(service: Service) -> None:
    """Relief of 60 % is relief for a payer; by `eighty` there was none."""
    procedure = await service.new_procedure(baseline_pain=7)
    body = {"entries": course("2025-07-11", [2.5, 3.0, 3.0] * 95)}
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json=body)
    half, eighty = [await answered(service, procedure, definition=one) for one in ("half", "eighty")]
    assert half["rules"] == eighty["rules"]
    assert next(rule["result"] for rule in half["rules"] if rule["rule"] == "relief_percent") == "met"
