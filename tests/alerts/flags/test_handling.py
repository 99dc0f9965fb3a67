"""Calls about a flag, and handing it to a colleague."""

from datetime import timedelta
from typing import Any

import pytest

from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service

pytestmark = pytest.mark.anyio


async def a_flag(service: Service) -> dict[str, Any]:
    await returned(service)
    await work(service)
    (one,) = await flags(service, "kind=pain_return")
    return one


async def test_who_calls_has_the_flag_and_what_came_of_it_is_kept(service: Service) -> None:
    one = await a_flag(service)
    where = f"/v1/flags/{one['id']}"
    left = await service("sam", "POST", f"{where}/call", json={"outcome": "message_left", "again_on": "2026-05-03"})
    assert left.status_code == 200, left.text
    said = left.json()
    assert (said["state"], said["owner_id"]) == ("acknowledged", str(service.accounts["sam"][1]))
    assert (said["steps"][-1]["what"], said["steps"][-1]["note"]) == ("called_message_left", "call again on 3 May 2026")
    again = await service("cleo", "POST", f"{where}/call", json={"outcome": "reached", "note": "comes on Tuesday"})
    assert again.json()["owner_id"] == str(service.accounts["sam"][1]), "a call takes nothing away from who has it"
    assert again.json()["steps"][-1]["note"] == "comes on Tuesday"
    past = await service("sam", "POST", f"{where}/call", json={"outcome": "no_answer", "again_on": "2020-01-01"})
    assert (past.status_code, past.json()["errors"][0]["pointer"]) == (422, "/again_on")
    await service("sam", "POST", f"{where}/resolve", json={"note": "done"})
    undone = await service("sam", "POST", f"{where}/undo")
    assert (undone.json()["state"], undone.json()["owner_id"]) == ("acknowledged", str(service.accounts["sam"][1]))


async def test_a_flag_is_handed_to_a_colleague_who_must_take_it_up_in_time(service: Service, clock: Clock) -> None:
    one = await a_flag(service)
    where, cleo = f"/v1/flags/{one['id']}", str(service.accounts["cleo"][1])
    await service("sam", "POST", f"{where}/acknowledge", json={})
    clock.now += timedelta(days=3)  # by now it would be late
    await service.sign_in_again()
    handed = await service("sam", "POST", f"{where}/hand", json={"account_id": cleo, "note": "yours, I think"})
    assert handed.status_code == 200, handed.text
    assert (handed.json()["state"], handed.json()["owner_id"]) == ("open", cleo)
    assert handed.json()["due_at"] > handed.json()["steps"][-1]["at"]
    await work(service)
    (now,) = await flags(service, "kind=pain_return")
    assert (now["owner_id"], now["escalated_at"]) == (cleo, None), "who has been named has their time"
    clock.now += timedelta(days=3)
    await service.sign_in_again()
    await work(service)
    (now,) = await flags(service, "kind=pain_return")
    assert now["escalated_at"] is not None, "and then it goes to everybody"
    for account_id in (str(service.accounts["ada"][1]), str(service.accounts["other"][1]), service.ada_id):
        refused = await service("sam", "POST", f"{where}/hand", json={"account_id": account_id})
        assert refused.status_code == 422, account_id


async def test_what_is_over_is_not_called_about_and_an_old_tag_is_refused(service: Service) -> None:
    one = await a_flag(service)
    where = f"/v1/flags/{one['id']}"
    tag = (await service("sam", "GET", where)).headers["etag"]
    assert (await service("cleo", "POST", f"{where}/acknowledge", json={})).status_code == 200
    for step, body in (("call", {"outcome": "reached"}), ("hand", {"account_id": str(service.accounts["cleo"][1])})):
        old = await service("sam", "POST", f"{where}/{step}", json=body, headers={"If-Match": tag})
        assert old.status_code == 412, step
    await service("cleo", "POST", f"{where}/resolve", json={"note": "done"})
    for step, body in (("call", {"outcome": "reached"}), ("hand", {"account_id": str(service.accounts["cleo"][1])})):
        over = await service("sam", "POST", f"{where}/{step}", json=body)
        assert over.status_code == 409, step


async def test_the_work_list_shows_the_number_the_call_and_hands_on(service: Service) -> None:
    one = await a_flag(service)
    await service("sam", "PATCH", f"/v1/patients/{service.ada_id}", json={"phone": "+41 44 555 77 00"})
    await enter(service, "sam")
    assert 'href="tel:+41445557700"' in await page(service, "/clinic/flags")
    called = await send_form(service, f"/clinic/flags/{one['id']}/call", outcome="no_answer", again_on="2026-05-04")
    assert called.status_code == 303
    text = await page(service, "/clinic/flags")
    assert "sam has it, called on" in text and "(call again on 4 May 2026)" in text and "The call is kept." in text
    wrong = await send_form(service, f"/clinic/flags/{one['id']}/call", outcome="shouted")
    assert wrong.status_code == 422
    handed = await send_form(service, f"/clinic/flags/{one['id']}/hand", account_id=str(service.accounts["cleo"][1]))
    assert handed.status_code == 303 and "with cleo" in await page(service, "/clinic/flags")
