"""Of several signs the gravest comes first: in the list, on the page and in the order of the work."""

from datetime import datetime, timedelta

import pytest

from app.rules.red_flags import rules
from tests.alerts.flags.test_conclusions import flags, work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page
from tests.support import Service

pytestmark = pytest.mark.anyio
SENDS_AWAY = ("Go to an emergency department now", "Call the emergency number now")


def test_each_rule_that_sends_to_an_emergency_department_is_one() -> None:
    """By its own advice, also where that is only a condition: then the clinic's four hours are soon enough."""
    now = {rule.name for rule in rules() if any(f"{words}." in rule.advice["en"] for words in SENDS_AWAY)}
    assert {rule.name for rule in rules() if rule.emergency} == now
    assert {"saddle_numbness", "bladder_or_bowel", "chest_pain", "breathing"} <= now


async def test_what_sends_to_an_emergency_department_stands_first_and_is_due_within_the_hour(
    service: Service, clock: Clock
) -> None:
    await service.put("2026-05-01", 4, temperature_c=38.9, side_effects=[{"kind": "saddle_numbness", "severity": 2}])
    found = await flags(service, "kind=red_flag")
    due = {
        one["says"]: datetime.fromisoformat(one["due_at"]) - datetime.fromisoformat(one["raised_at"]) for one in found
    }
    assert {says: left.total_seconds() / 3600 for says, left in due.items()} == {
        "saddle numbness reported": 1,
        "fever reported": 4,
    }
    await enter(service)
    listed = await page(service, "/clinic")
    assert "saddle numbness reported, and 1 more" in listed
    for where in ("/clinic/flags", f"/clinic/patients/{service.ada_id}"):
        text = await page(service, where)
        assert text.index("saddle numbness reported") < text.index("fever reported"), where


async def test_a_guess_from_a_note_asks_the_patient_first(service: Service) -> None:
    await service.put("2026-05-01", 4, note="I have no feeling when I wipe")
    (found,) = await flags(service, "kind=red_flag")
    left = datetime.fromisoformat(found["due_at"]) - datetime.fromisoformat(found["raised_at"])
    assert left.total_seconds() == 4 * 3600


async def test_who_is_handed_an_emergency_has_an_hour_too(service: Service, clock: Clock) -> None:
    chain = [str(service.accounts[who][1]) for who in ("cleo", "root")]
    assert (await service("root", "PATCH", "/v1/clinic", json={"chain": chain})).status_code == 200
    await service.put("2026-05-01", 4, temperature_c=38.9, side_effects=[{"kind": "saddle_numbness", "severity": 2}])
    await work(service)
    clock.now += timedelta(hours=4, minutes=1)
    await service.sign_in_again()
    await work(service)
    found = {one["says"]: one for one in await flags(service, "kind=red_flag")}
    for says, hours in (("saddle numbness reported", 1), ("fever reported", 4)):
        left = datetime.fromisoformat(found[says]["due_at"]) - clock.now
        assert found[says]["owner_id"] == chain[1], says
        assert hours - 0.1 < left.total_seconds() / 3600 <= hours, says
    handed = {"account_id": str(service.accounts["sam"][1])}
    clock.now += timedelta(hours=5)
    await service.sign_in_again()
    one = found["saddle numbness reported"]["id"]
    told = (await service("root", "POST", f"/v1/flags/{one}/hand", json=handed)).json()
    left = datetime.fromisoformat(told["due_at"]) - clock.now
    assert 0.9 < left.total_seconds() / 3600 <= 1
