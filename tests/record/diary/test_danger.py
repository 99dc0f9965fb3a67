"""What the patient is told in the same answer, and what the clinic gets to see."""

from typing import Any

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio


async def flags(service: Service, who: str = "cleo") -> list[tuple[str, str, str]]:
    items = (await service(who, "GET", "/v1/flags")).json()["items"]
    return [(f["severity"], f["first_on"], f["says"]) for f in items]


async def test_a_note_in_the_patients_words_raises_a_flag_due_now_and_asks(service: Service) -> None:
    told = await service.put("2026-04-30", 4, note="Numb between my legs, can\u2019t pee since noon")
    assert "between your legs" in told.json()["advice"] and told.json()["advice"].endswith("Emergency: 112.")
    assert sorted(await flags(service)) == [
        ("now", "2026-04-30", "the note may mention: bladder or bowel; ask the patient"),
        ("now", "2026-04-30", "the note may mention: saddle numbness; ask the patient"),
    ]
    calm = await service.put("2026-04-29", 4, note="pushed the shopping cart, no fever")
    assert calm.json()["advice"] is None
    assert len(await flags(service)) == 2


async def test_a_sign_reported_and_spoken_of_raises_one_flag(service: Service) -> None:
    await service.put("2026-04-30", 4, note="fever of 39", side_effects=[{"kind": "fever", "severity": 2}])
    assert await flags(service) == [("now", "2026-04-30", "fever reported")]


async def test_a_temperature_is_a_number(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    told = await service("ada", "PUT", path, json={"temperature_c": 38.0})
    assert (told.status_code, told.json()["temperature_c"], "infection" in told.json()["advice"]) == (201, 38.0, True)
    for bad in (29.9, 45.1, "38"):
        assert (await service("ada", "PUT", path, json={"temperature_c": bad})).status_code == 422


async def test_advice_says_the_clinics_numbers(service: Service) -> None:
    fever: dict[str, Any] = {"side_effects": [{"kind": "fever"}]}
    ends = []
    for change in ({"jurisdiction": "US"}, {"phone": "+1 555 0100"}, {"emergency_number": "912"}):
        changed = await service("root", "PATCH", "/v1/clinic", json=change)
        assert changed.status_code == 200, changed.text
        ends.append((await service.put("2026-04-30", 4, **fever)).json()["advice"].partition(" Your clinic")[2] or "-")
    assert ends == ["-", ": +1 555 0100. Emergency: 911.", ": +1 555 0100. Emergency: 912."]
    for bad in ({"phone": "call us"}, {"emergency_number": "1"}, {"jurisdiction": "ch"}):
        assert (await service("root", "PATCH", "/v1/clinic", json=bad)).status_code == 422
    assert (await service("cleo", "PATCH", "/v1/clinic", json={"phone": "044 1"})).status_code == 403


async def test_the_region_and_the_days_are_those_of_the_newest_procedure(service: Service) -> None:
    await service.new_procedure(performed_on="2026-04-20", region="thoracic")
    chest: dict[str, Any] = {"side_effects": [{"kind": "chest_pain", "severity": 1}]}
    assert "chest part" in (await service.put("2026-04-22", 4, **chest)).json()["advice"]
    assert "chest part" not in (await service.put("2026-04-19", 4, **chest)).json()["advice"]


async def test_pain_that_rises_fast_in_the_first_days_is_told(service: Service) -> None:
    await service.new_procedure(performed_on="2026-04-28")
    await service.put("2026-04-29", 5)
    risen = await service.put("2026-04-30", 8)
    assert "bleeding" in risen.json()["advice"]
    assert (await service.put("2026-05-01", 8.5)).json()["advice"] is None


async def test_a_batch_gets_the_same_advice_for_each(service: Service) -> None:
    entries = [{"date": "2026-04-29", "note": "kann nicht pinkeln"}, {"date": "2026-04-28", "note": "kein Fieber"}]
    sent = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    first, second = sent.json()["items"]
    assert "112" in first["advice"] and second["advice"] is None


async def test_an_old_day_is_to_be_read(service: Service) -> None:
    await service.put("2026-03-02", 4, note="could not pee all night")
    ((severity, _, says),) = await flags(service)
    assert severity == "later" and says.startswith("read this: the note may mention: bladder or bowel")
