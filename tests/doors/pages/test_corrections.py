"""A procedure is corrected and deleted on its page, each with a reason, and no old page undoes what is new."""

from typing import Any

import pytest

from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service
from tests.work.reviews.test_reviews import opened

pytestmark = pytest.mark.anyio
CLOSED = 'role="status">Done: Ada'
FIELDS: dict[str, Any] = {"performed_on": "2026-03-01", "region": "lumbar", "laterality": "left", "joints": ["L4-5"]}


async def tag_on(service: Service, where: str) -> str:
    return (await page(service, where)).split('name="tag" value="')[1].split('"')[0].replace("&#34;", '"')


async def test_a_correction_has_its_reason_and_undoes_nothing_newer(service: Service) -> None:
    procedure = await service.new_procedure()
    where = f"/clinic/procedures/{procedure}/edit"
    await enter(service)
    tag = await tag_on(service, where)
    silent = await send_form(service, where, **FIELDS, baseline_pain="6", tag=tag)
    assert (silent.status_code, '<a href="#field-reason">Why it is corrected</a>: is needed' in silent.text) == (
        422,
        True,
    )
    good = await send_form(service, where, **FIELDS, baseline_pain="6", tag=tag, reason="read from the chart")
    assert good.status_code == 303
    history = (await service("cleo", "GET", f"/v1/procedures/{procedure}/history")).json()["items"]
    assert "read from the chart" in [one["reason"] for one in history]
    late = await send_form(service, where, **FIELDS, baseline_pain="9", tag=tag, reason="an old page")
    assert (late.status_code, 'value="6"' in late.text, "an old page" in late.text) == (412, True, True)
    now = (await service("cleo", "GET", f"/v1/procedures/{procedure}")).json()
    assert now["baseline_pain"] == 6


async def test_a_procedure_of_a_mistake_is_deleted_with_its_reason(service: Service) -> None:
    procedure = await service.new_procedure()
    await enter(service)
    tag = await tag_on(service, f"/clinic/procedures/{procedure}/edit")
    where = f"/clinic/procedures/{procedure}/delete"
    silent = await send_form(service, where, tag=tag)
    assert (silent.status_code, "is needed" in silent.text) == (422, True)
    gone = await send_form(service, where, tag=tag, reason="of another person")
    assert (gone.status_code, gone.headers["location"]) == (303, f"/clinic/patients/{service.ada_id}/treatments")
    assert (await service("nobody", "GET", f"/clinic/procedures/{procedure}")).status_code == 404
    history = (await service("cleo", "GET", f"/v1/procedures/{procedure}/history")).json()["items"]
    assert history[-1]["reason"] == "of another person"


async def test_an_old_page_deletes_nothing_that_has_changed(service: Service) -> None:
    procedure = await service.new_procedure()
    await enter(service)
    tag = await tag_on(service, f"/clinic/procedures/{procedure}/edit")
    assert (await service("cleo", "PATCH", f"/v1/procedures/{procedure}", json={"baseline_pain": 6})).status_code == 200
    late = await send_form(service, f"/clinic/procedures/{procedure}/delete", tag=tag, reason="a mistake")
    assert (late.status_code, "a mistake" in late.text) == (412, True)
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}")).status_code == 200


async def test_who_may_not_change_it_deletes_nothing(service: Service) -> None:
    procedure = await service.new_procedure()
    await enter(service, "sam")
    assert (await send_form(service, f"/clinic/procedures/{procedure}/delete", reason="so")).status_code == 403
    await enter(service, "other")
    assert (await send_form(service, f"/clinic/procedures/{procedure}/delete", reason="so")).status_code == 404


async def test_keeping_what_is_there_is_no_step(service: Service) -> None:
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}"
    await enter(service, "sam")
    same = {f"check_{name}": "open" for name in ("function", "blocks", "patient_asked")}
    assert (await send_form(service, f"/clinic/reviews/{review['id']}/work", **same)).status_code == 303
    assert (await service("sam", "GET", where)).json() == review
    await send_form(service, f"/clinic/reviews/{review['id']}/work", **{**same, "check_blocks": "yes"})
    after = (await service("sam", "GET", where)).json()
    assert (after["state"], len(after["steps"])) == ("in_work", len(review["steps"]) + 1)
    await send_form(service, f"/clinic/reviews/{review['id']}/work", **{**same, "check_blocks": "yes"})
    assert (await service("sam", "GET", where)).json() == after


async def test_a_red_flag_says_who_has_it_and_what_was_done_is_taken_back_on_the_spot(service: Service) -> None:
    await service.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 2}])
    (flag,) = (await service("cleo", "GET", "/v1/flags")).json()["items"]
    await enter(service, "sam")
    await send_form(service, f"/clinic/flags/{flag['id']}/acknowledge", patient_id=service.ada_id)
    assert "Sam has it." in (await page(service, f"/clinic/patients/{service.ada_id}")).replace("sam", "Sam")
    done = await send_form(service, f"/clinic/flags/{flag['id']}/resolve", note="called, it was a cold")
    assert f"done={flag['id']}" in done.headers["location"]
    text = await page(service, done.headers["location"])
    assert CLOSED in text and "Take back" in text
    assert (await send_form(service, f"/clinic/flags/{flag['id']}/undo")).status_code == 303
    assert CLOSED not in await page(service, done.headers["location"]), "it is open again"
    assert "Flags" in await page(service, f"/clinic/flags?done={service.ada_id}"), "no flag at all"
    assert (await service("cleo", "GET", f"/v1/flags/{flag['id']}")).json()["state"] == "acknowledged"
