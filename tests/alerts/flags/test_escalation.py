"""Who is shown what and when: the alarm budget, people in turn, and the patient's own word first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.alerts.flags.test_conclusions import BEFORE, RELIEF, flags, log, returned, work
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio


async def silent_patients(service: Service, clock: Clock, count: int) -> None:
    """So many people who have stopped writing; each gives cause for a flag that can wait."""
    clock.now = datetime(2025, 10, 1, 12, tzinfo=UTC)
    await service.sign_in_again()
    for i in range(count):
        new = {"name": f"P{i}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        await service.new_procedure(performed_on="2025-09-10")
    await work(service)


async def set_clinic(service: Service, **values: Any) -> dict[str, Any]:
    answer = await service("root", "PATCH", "/v1/clinic", json=values)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_is_over_the_budget_is_held_back_in_the_open(service: Service, clock: Clock) -> None:
    await set_clinic(service, alarm_budget=2)
    await silent_patients(service, clock, 5)
    shown, held = await flags(service), await flags(service, "held_back=true")
    assert [f["kind"] for f in shown] == ["missed_follow_up"] * 2  # a call can be made up for; silence is shown last
    assert (len(held), {f["shown_at"] for f in held}) == (8, {None})
    assert {f["steps"][-1]["note"] for f in held} == {"the alarm budget of 2 in seven days is used up"}
    own = (await service("cleo", "GET", "/v1/clinic")).json()
    assert (own["alarm_budget"], own["shown_in_seven_days"], own["held_back"]) == (2, 2, 8)
    clock.now += timedelta(days=7, minutes=1)
    await service.sign_in_again()
    await work(service)
    assert (len(await flags(service)), len(await flags(service, "held_back=true"))) == (4, 6)


async def test_nothing_is_held_back_for_longer_than_two_weeks(service: Service, clock: Clock) -> None:
    await set_clinic(service, alarm_budget=0)
    await silent_patients(service, clock, 1)
    assert await flags(service, "kind=silent_diary") == []
    clock.now += timedelta(days=14, minutes=1)
    await service.sign_in_again()
    await work(service)
    (shown,) = await flags(service, "kind=silent_diary")
    assert shown["steps"][-1]["note"] == "it was held back for two weeks"
    assert shown["due_at"] > clock.now.isoformat()  # its time begins now


async def test_a_budget_that_is_taken_away_shows_everything(service: Service, clock: Clock) -> None:
    await set_clinic(service, alarm_budget=0)
    await silent_patients(service, clock, 3)
    await set_clinic(service, alarm_budget=None)
    await work(service)
    assert len(await flags(service, "kind=silent_diary")) == 3


async def test_what_can_not_wait_is_never_held_back(service: Service) -> None:
    await set_clinic(service, alarm_budget=0)
    await returned(service)
    assert len(await flags(service, "kind=pain_return")) == 1
    await service.put("2026-05-01", 4, side_effects=[{"kind": "fever", "severity": 2}])
    assert len(await flags(service, "kind=red_flag")) == 1


async def test_a_flag_goes_from_one_person_to_the_next_and_then_to_everybody(service: Service, clock: Clock) -> None:
    people = {who: str(service.accounts[who][1]) for who in ("sam", "cleo")}
    await set_clinic(service, chain=[people["sam"], people["cleo"]])
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    assert (found["owner_id"], found["escalated_at"]) == (people["sam"], None)
    assert [f["id"] for f in await flags(service, f"owner_id={people['sam']}")] == [found["id"]]
    for expected in (people["cleo"], None):
        clock.now += timedelta(days=2, minutes=1)
        await service.sign_in_again()
        await work(service)
        (found,) = await flags(service, "kind=pain_return")
        assert found["owner_id"] == expected
    assert found["escalated_at"] is not None
    assert [s["what"] for s in found["steps"]] == ["raised", "handed", "handed", "escalated"]


async def test_whoever_acknowledges_ends_the_chain(service: Service, clock: Clock) -> None:
    await set_clinic(service, chain=[str(service.accounts["sam"][1]), str(service.accounts["root"][1])])
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    taken = await service("cleo", "POST", f"/v1/flags/{found['id']}/acknowledge")
    assert taken.json()["owner_id"] == str(service.accounts["cleo"][1])
    clock.now += timedelta(days=30)
    await service.sign_in_again()
    await work(service)
    (after,) = await flags(service, "kind=pain_return")
    assert (after["owner_id"], after["escalated_at"]) == (taken.json()["owner_id"], None)


async def test_a_chain_is_of_the_clinics_staff(service: Service) -> None:
    for stranger in ("ada", "other"):
        answer = await service("root", "PATCH", "/v1/clinic", json={"chain": [str(service.accounts[stranger][1])]})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/chain/0")


async def likely(service: Service, clock: Clock) -> dict[str, Any]:
    """A flag of a likely return."""
    await service.new_procedure()
    scores = [*BEFORE, *RELIEF, *(1.5 + 0.15 * i for i in range(40))]
    begin = datetime(2025, 6, 26, 19, 30, tzinfo=UTC)
    await log(service, "2025-06-26", scores[:200])
    for day, score in enumerate(scores[200:], 200):
        clock.now = begin + timedelta(days=day)
        await service.sign_in_again()
        on = (begin + timedelta(days=day)).date()
        await service.put(on, round(2 * min(10, score)) / 2)
        await work(service)
        found = await flags(service, "kind=return_likely")
        if found:
            return found[0]
    raise AssertionError("no return was ever likely")


async def test_a_likely_return_asks_the_patient_first(service: Service, clock: Clock) -> None:
    clock.now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    await set_clinic(service, chain=[str(service.accounts["sam"][1])])
    found = await likely(service, clock)
    assert (found["asked_at"] is not None, found["answer"], found["owner_id"]) == (True, None, None)
    where = f"/v1/flags/{found['id']}/answer"
    assert (await service("cleo", "POST", where, json={"answer": "no_change"})).status_code == 403
    assert (await service("bob", "POST", where, json={"answer": "no_change"})).status_code == 404
    said = await service("ada", "POST", where, json={"answer": "pain_is_back", "note": "since Monday"})
    assert (said.json()["severity"], said.json()["answer"]) == ("soon", "pain_is_back")
    assert said.json()["steps"][-1]["note"] == "the patient says: pain is back; since Monday"
    await work(service)
    (handed,) = [f for f in await flags(service) if f["id"] == found["id"]]
    assert handed["owner_id"] == str(service.accounts["sam"][1])


async def test_a_patient_who_does_not_answer_is_not_waited_for(service: Service, clock: Clock) -> None:
    clock.now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    await set_clinic(service, chain=[str(service.accounts["sam"][1])])
    found = await likely(service, clock)
    clock.now += timedelta(days=3, minutes=1)
    await service.sign_in_again()
    await work(service)
    mine = [f for f in await flags(service) if f["id"] == found["id"]]
    assert [f["owner_id"] for f in mine] == [str(service.accounts["sam"][1])]


async def test_other_flags_have_no_question(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    answer = await service("ada", "POST", f"/v1/flags/{found['id']}/answer", json={"answer": "no_change"})
    assert answer.status_code == 409


async def test_a_flag_is_handed_to_nobody_who_signs_in_no_more(service: Service, clock: Clock) -> None:
    people = {name: str(service.accounts[name][1]) for name in ("sam", "cleo", "root")}
    await set_clinic(service, chain=[people["sam"], people["cleo"]])
    for who in ("sam", "cleo"):
        await service("root", "PATCH", f"/v1/accounts/{people[who]}", json={"disabled": who == "sam"})
    await service.put("2026-04-30", 4, note="I can't pee")
    await work(service)
    (handed,) = (await service("root", "GET", "/v1/flags")).json()["items"]
    assert (handed["owner_id"], handed["steps"][-1]["what"]) == (people["cleo"], "handed")
    assert handed["steps"][-1]["note"] is None, "nobody before her had it"
    await service("root", "PATCH", f"/v1/accounts/{people['cleo']}", json={"disabled": True})
    await service.put("2026-04-29", 4, note="I can't feel my leg")
    await work(service)
    shown = (await service("root", "GET", "/v1/flags")).json()["items"]
    (left,) = [one for one in shown if one["id"] != handed["id"]]
    assert (left["owner_id"], left["steps"][-1]["what"]) == (None, "escalated")
    assert left["steps"][-1]["note"] == "nobody to whom it is handed signs in any more"
    refused = await service("root", "PATCH", "/v1/clinic", json={"chain": [people["root"], people["sam"]]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/chain/1")
