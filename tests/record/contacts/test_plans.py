from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_the_plan_has_dated_steps_and_contacts_due_done_or_missed(service: Service, clock: Clock) -> None:
    procedure = await service.new_procedure(performed_on="2026-04-20")
    path = f"/v1/procedures/{procedure}/plan"
    contacts = f"/v1/patients/{service.ada_id}/contacts"
    made = {"procedure_id": procedure, "contact": "weeks_2", "done_on": "2026-05-01"}
    assert (await service("sam", "POST", contacts, json=made)).status_code == 201
    plan = (await service("ada", "GET", path)).json()
    assert plan["steps"][0]["first_on"] == "2026-04-20" and "driving" in plan["steps"][0]["says"]
    states = {c["contact"]: (c["state"], c["done_on"]) for c in plan["contacts"]}
    assert states["days_1_3"] == ("missed", None)
    assert states["weeks_2"] == ("done", "2026-05-01")
    assert {states[c][0] for c in ("weeks_6_8", "months_3", "months_6", "months_12")} == {"due"}
    clock.now += timedelta(hours=1)


async def test_a_contact_of_nothing_or_before_its_procedure_is_refused(service: Service) -> None:
    procedure = await service.new_procedure()
    contacts = f"/v1/patients/{service.ada_id}/contacts"
    nowhere = "0199a3c4-7d00-7a00-8000-000000000001"
    for body, pointer in (
        ({"procedure_id": nowhere, "contact": "weeks_2", "done_on": "2026-05-01"}, "/procedure_id"),
        ({"procedure_id": procedure, "contact": "weeks_2", "done_on": "2025-07-09"}, "/done_on"),
        ({"procedure_id": procedure, "contact": "weeks_9", "done_on": "2026-05-01"}, "/contact"),
    ):
        answer = await service("cleo", "POST", contacts, json=body)
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
