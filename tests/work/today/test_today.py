"""The phone's one call: the day, what is usual, what is asked, and where things stand."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.alerts.flags.tables import Flag
from app.base.store.typed import table
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio


async def today(service: Service, who: str = "ada", query: str = "", **headers: str) -> Any:
    answer = await service(who, "GET", f"/v1/me/today{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_first_day_knows_of_nothing_and_always_of_whom_to_call(service: Service) -> None:
    told = await today(service)
    assert (told["date"], told["today"], told["yesterday"], told["sites"]) == ("2026-05-01", None, None, [])
    assert told["call"] == {"clinic": "Here", "phone": None, "emergency": "112"}
    assert [one["kind"] for one in told["asked"]["consents"]] == ["treatment", "research", "messages"]
    assert told["asked"]["form"]["kind"] == "peg"
    assert told["says"] == "What you write before the treatment is what its effect will be measured against."


async def test_the_day_and_the_day_before_come_with_what_is_usual(service: Service) -> None:
    tramadol = {"code": "10689", "dose": 50, "unit": "mg", "times": 2}
    await service.put("2026-04-28", 5, medications=[{"name": "ibuprofen"}, tramadol])
    await service.put("2026-04-30", 4, medications=[{**tramadol, "times": 1}], side_effects=[{"kind": "numbness"}])
    await service.put("2026-05-01", 3)
    told = await today(service)
    assert [told[day]["pain"][0]["average"] for day in ("today", "yesterday")] == [3, 4]
    assert [(one.get("name"), one.get("times")) for one in told["medicines"]] == [(None, 1), ("ibuprofen", None)]
    assert [one["kind"] for one in told["open_side_effects"]] == ["numbness"]
    assert told["logged_on"] == ["2026-04-28", "2026-04-30", "2026-05-01"]
    assert told["sites"] == [{"region": "lumbar", "side": "left"}]


async def test_pain_is_asked_for_where_it_was_treated_the_newest_first(service: Service) -> None:
    await service.new_procedure(performed_on="2026-04-20", laterality="bilateral")
    await service.new_procedure(performed_on="2025-04-20", region="cervical", laterality="right")
    told = await today(service)
    assert [(one["region"], one["side"]) for one in told["sites"]] == [
        ("lumbar", "left"),
        ("lumbar", "right"),
        ("cervical", "right"),
    ]
    assert told["says"] == "Day 11: soreness is expected; relief usually comes by week 3."
    assert [one["from_on"] for one in told["sentences"]][:5] == [f"2026-05-0{day}" for day in range(1, 6)]
    assert told["plan"][0]["first_on"] == "2026-04-28"  # steps that are over are not shown


async def test_sentences_come_in_the_language_that_is_asked_for(service: Service) -> None:
    await service.new_procedure(performed_on="2026-04-20")
    told = await today(service, query="?language=de")
    assert told["language"] == "de"
    assert told["says"] == "Tag 11: Wundschmerz ist zu erwarten; die Linderung kommt meist bis zur dritten Woche."


async def test_the_day_is_that_of_the_phone_where_it_is_another(service: Service) -> None:
    assert (await today(service, query="?on=2026-05-02"))["date"] == "2026-05-02"
    for far in ("2026-05-03", "2026-04-29"):
        assert (await service("ada", "GET", f"/v1/me/today?on={far}")).status_code == 422


async def test_a_phone_that_has_it_is_told_so(service: Service) -> None:
    first = await service("ada", "GET", "/v1/me/today")
    again = await service("ada", "GET", "/v1/me/today", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    await service.put("2026-05-01", 3)
    assert (await today(service, **{"If-None-Match": first.headers["ETag"]}))["today"]["pain"][0]["average"] == 3


async def test_what_is_answered_is_asked_no_more(service: Service) -> None:
    await service.new_procedure(performed_on="2026-03-10")  # 52 days ago: six to eight weeks
    assert (await today(service))["asked"]["form"] == {"kind": "peg", "until": "2026-05-05"}
    path = f"/v1/patients/{service.ada_id}"
    peg = {"kind": "peg", "answered_on": "2026-05-01", "items": [4, 3, 5]}
    assert (await service("ada", "POST", f"{path}/assessments", json=peg)).status_code == 201
    said = {"kind": "research", "version": 1, "given": False}
    assert (await service("ada", "POST", f"{path}/consents", json=said)).status_code == 201
    asked = (await today(service))["asked"]
    assert asked["form"] is None
    assert [one["kind"] for one in asked["consents"]] == ["treatment", "messages"]


async def test_the_next_appointment_and_an_offer_are_there(service: Service, clock: Clock) -> None:
    starts = (clock.now + timedelta(days=9)).isoformat()
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": starts, "minutes": 30, "location": "Here"}
    made = (await service("sam", "POST", "/v1/slots", json=slot)).json()
    booked = await service(
        "sam", "POST", "/v1/appointments", json={"patient_id": service.ada_id, "slot_id": made["id"]}
    )
    assert booked.status_code == 201
    assert (await today(service))["appointment"]["id"] == booked.json()["id"]
    assert (await today(service, "bob"))["appointment"] is None


async def test_the_question_of_a_likely_return_is_asked_until_it_is_answered(service: Service) -> None:
    assert (await today(service))["asked"]["question"] is None
    await service.put("2026-04-30", 4, side_effects=[{"kind": "fever"}])  # some flag, made into one that asks
    async with service.app.state.database.engine.begin() as connection:
        asks = {"kind": "return_likely", "asked_at": service.app.state.clock()}
        await connection.execute(update(table(Flag)).values(asks))
    flag_id = (await today(service))["asked"]["question"]["flag_id"]
    assert (await today(service, "bob"))["asked"]["question"] is None
    said = await service("ada", "POST", f"/v1/flags/{flag_id}/answer", json={"answer": "no_change"})
    assert said.status_code == 200, said.text
    assert flag_id not in str((await today(service))["asked"])


async def test_a_side_effect_of_today_is_not_asked_about_again(service: Service) -> None:
    await service.put("2026-05-01", 4, side_effects=[{"kind": "numbness"}])
    assert (await today(service))["open_side_effects"] == []


@pytest.mark.parametrize("who", ["cleo", "sam", "root", "other"])
async def test_it_is_for_patients(service: Service, who: str) -> None:
    assert (await service(who, "GET", "/v1/me/today")).status_code == 403


async def test_reading_it_leaves_an_event(service: Service) -> None:
    await today(service)
    events = (await service("root", "GET", f"/v1/audit?patient_id={service.ada_id}")).json()["items"]
    assert "today" in [one["resource"] for one in events]
