"""Where the sides of a bilateral procedure stand differently, list, flag and review name each as the sentence does."""

from datetime import date, timedelta

import pytest

from tests.alerts.flags.test_conclusions import flags, work
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page
from tests.relief.support import course
from tests.support import Service

pytestmark = pytest.mark.anyio
TREATED = date(2025, 7, 10)


async def one_side_back(service: Service) -> str:
    procedure = await service.new_procedure(laterality="bilateral", joints=["L4-5"])
    left, right = course(7, 2, 180, 7, 290, seed=3), course(7, 2, None, 7, 290, seed=4)
    entries = []
    for d in sorted(left.keys() & right.keys()):
        pain = [{"region": "lumbar", "side": s, "average": of[d]} for s, of in (("left", left), ("right", right))]
        entries.append({"date": (TREATED + timedelta(days=d)).isoformat(), "pain": pain})
    answer = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    assert answer.status_code == 200, answer.text
    await work(service)
    return procedure


async def test_each_place_names_the_side(service: Service) -> None:
    procedure = await one_side_back(service)
    verdict = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()
    says = verdict["says"]
    assert "Left: pain returned on" in says and "right: relief" in says
    sides = says.split(". ", 1)[1].split(" (definition")[0]
    sides = sides[0].lower() + sides[1:]
    (flag,) = await flags(service, "kind=pain_return")
    assert flag["says"] == sides
    (review,) = (await service("sam", "GET", "/v1/reviews")).json()["items"]
    assert review["urgency"] == sides
    await enter(service, "sam")
    assert sides in await page(service, "/clinic")
    shown = await page(service, f"/clinic/reviews/{review['id']}")
    chosen = [f'<option value="{side}" selected>{side}</option>' in shown for side in ("left", "right", "bilateral")]
    assert chosen == [True, False, False], "the side that has ended is the one to repeat"
    both = {"proposed_on": "2026-06-02", "laterality": "bilateral"}
    assert (await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json=both)).status_code == 200
    shown = await page(service, f"/clinic/reviews/{review['id']}")
    assert '<option value="bilateral" selected>bilateral</option>' in shown, "what was proposed stays"
