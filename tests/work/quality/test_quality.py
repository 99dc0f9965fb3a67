"""The clinic's own figures: diaries kept, alarms and what became of them, and how soon a return was reviewed."""

from datetime import timedelta

import pytest

from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_a_return_that_was_reviewed_at_once(service: Service) -> None:
    await returned(service)
    found = (await service("cleo", "GET", "/v1/quality")).json()
    assert (found["returns"], found["reviewed"], found["within_14"]) == (1, 1, 1.0)
    assert found["days_to_review"] == pytest.approx(0, abs=0.01)
    # 278 days are logged without a gap, from the day after the procedure on; the last month is not over
    assert found["adherence"][0] == {"month": 1, "possible": 30, "logged": 30, "share": 1.0}
    assert found["adherence"][-1]["possible"] > found["adherence"][-1]["logged"]
    assert sum(month["possible"] for month in found["adherence"]) == 295


async def test_alarms_are_told_apart_by_what_became_of_them(service: Service, clock: Clock) -> None:
    await returned(service)
    (flag,) = await flags(service, "kind=pain_return")
    await service("sam", "POST", f"/v1/flags/{flag['id']}/acknowledge")
    clock.now += timedelta(days=30)
    await service.sign_in_again()
    await work(service)
    silent = {a["kind"]: a for a in (await service("cleo", "GET", "/v1/quality")).json()["alarms"]}
    assert silent["pain_return"] == {"kind": "pain_return", "raised": 1, "acknowledged": 1, "lapsed": 0, "open": 1}


async def test_an_empty_clinic_has_no_figures(service: Service) -> None:
    found = (await service("other", "GET", "/v1/quality")).json()
    assert found == {
        "adherence": [],
        "alarms": [],
        "returns": 0,
        "reviewed": 0,
        "within_14": None,
        "days_to_review": None,
    }
