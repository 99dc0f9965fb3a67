"""A form that is sent twice makes nothing twice; shown anew, it makes another."""

import re
from datetime import date

import pytest

from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.support import Service

pytestmark = pytest.mark.anyio
BLOCK = {"performed_on": "2025-06-01", "side": "left", "joints": "L4-5", "agent": "lidocaine", "pain_before": "7"}
AWAY = {"first_on": "2026-06-02", "last_on": "2026-06-03", "reason": "congress"}


async def hidden(service: Service, page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form of a page that goes to an address."""
    text = (await service("nobody", "GET", page)).text
    form = text.split(f'action="{action}')[1].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


async def how_many(service: Service, path: str) -> int:
    return len((await service("cleo", "GET", path)).json()["items"])


@pytest.mark.parametrize("what", ["block", "contact", "absence", "waiting", "patient"])
async def test_it_makes_nothing_twice(service: Service, clock: Clock, what: str) -> None:
    procedure = await service.new_procedure(performed_on=date(2026, 4, 17).isoformat())
    of = f"/clinic/patients/{service.ada_id}"
    forms: dict[str, tuple[str, str, dict[str, str], str]] = {
        "block": (f"{of}/blocks/new", f"{of}/blocks", BLOCK, f"/v1/patients/{service.ada_id}/blocks"),
        "contact": (
            f"/clinic/procedures/{procedure}",
            f"/clinic/procedures/{procedure}/contacts",
            {},
            f"/v1/patients/{service.ada_id}/contacts",
        ),
        "absence": ("/clinic/calendar", "/clinic/calendar/away", AWAY, "/v1/absences?from=2026-06-01"),
        "waiting": (of, f"{of}/wait", {"kind": "consultation"}, "/v1/waiting"),
        "patient": (
            "/clinic/patients/new",
            "/clinic/patients",
            {"name": "Eva", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"},
            "/v1/patients",
        ),
    }
    page, action, fields, listed = forms[what]
    await enter(service)
    before = await how_many(service, listed)
    sent = {**await hidden(service, page, action), **fields}
    answers = [await service("nobody", "POST", action, data=sent) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303], answers[0].text[:500]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await how_many(service, listed) == before + 1
    if what == "block":
        other = await service("nobody", "POST", action, data={**sent, "performed_on": "2025-06-20"})
        assert other.status_code == 303 and await how_many(service, listed) == before + 2, "filled in anew"
        again = {**await hidden(service, page, action), **fields}
        same = await service("nobody", "POST", action, data=again)
        assert (same.status_code, await how_many(service, listed)) == (409, before + 2), "word for word the same"
        await service("nobody", "POST", action, data={**again, "agent": "bupivacaine"})
        assert await how_many(service, listed) == before + 3, "on a page that was shown anew"


async def test_a_form_that_was_refused_can_be_sent_again(service: Service) -> None:
    of = f"/clinic/patients/{service.ada_id}"
    await enter(service)
    sent = {**await hidden(service, f"{of}/blocks/new", f"{of}/blocks"), **BLOCK, "pain_before": "70"}
    for _ in range(2):
        assert (await service("nobody", "POST", f"{of}/blocks", data=sent)).status_code == 422
    assert (await service("nobody", "POST", f"{of}/blocks", data={**sent, "pain_before": "7"})).status_code == 303
