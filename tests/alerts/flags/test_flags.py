from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.support import Service, entry

pytestmark = pytest.mark.anyio


async def flags(service: Service, who: str = "cleo") -> list[tuple[str, str, str]]:
    items = (await service(who, "GET", "/v1/flags")).json()["items"]
    return [(f["severity"], f["first_on"], f["says"]) for f in items]


async def test_a_red_flag_is_raised_with_the_entry_and_once(service: Service) -> None:
    fever = [{"kind": "fever", "severity": 1}]
    told = await service.put("2026-04-30", 4, side_effects=fever)
    assert "infection" in told.json()["advice"]
    await service.put("2026-04-30", 5, side_effects=fever)
    assert await flags(service) == [("now", "2026-04-30", "fever reported")]
    await service.put("2026-05-01", 5, side_effects=fever)
    assert len(await flags(service)) == 2
    assert await flags(service, "other") == []
    assert await flags(service, "bob") == []
    assert len(await flags(service, "ada")) == 2


async def test_an_entry_sent_again_when_its_day_is_long_past_raises_nothing_more(
    service: Service, clock: Clock
) -> None:
    fever = [{"kind": "fever", "severity": 1}]
    await service.put("2026-04-30", 4, side_effects=fever)
    clock.now += timedelta(days=45)
    await service.sign_in_again()
    await service.put("2026-04-30", 5, side_effects=fever)
    assert await flags(service) == [("now", "2026-04-30", "fever reported")]


async def test_a_note_that_may_speak_of_a_danger_asks_the_patient_and_raises_a_flag_due_now(service: Service) -> None:
    told = await service.put("2026-04-30", 4, note="Numb in the SADDLE, can\u2019t pee since noon")
    assert told.json()["advice"].startswith("Is the skin between your legs")
    assert told.json()["advice"].endswith("Emergency: 112.")
    asks = "the note may mention: {}; ask the patient"
    assert sorted(await flags(service)) == [
        ("now", "2026-04-30", asks.format(sign)) for sign in ("bladder or bowel", "saddle numbness")
    ]


async def test_a_batch_raises_them_too_and_a_refused_entry_none(service: Service) -> None:
    bad = [{"kind": "weakness", "severity": 2}]
    entries = [
        {"date": "2026-04-29", **entry(4, side_effects=bad)},
        {"date": "2026-05-09", **entry(4, side_effects=bad)},
    ]
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    assert await flags(service) == [("now", "2026-04-29", "weakness reported")]


async def test_the_list_pages(service: Service) -> None:
    for day in range(1, 6):
        await service.put(f"2026-04-0{day}", 4, side_effects=[{"kind": "fever", "severity": 1}])
    first = (await service("cleo", "GET", "/v1/flags", params={"limit": 3})).json()
    rest = (await service("cleo", "GET", "/v1/flags", params={"limit": 3, "cursor": first["next"]})).json()
    assert [f["first_on"][-1] for f in first["items"] + rest["items"]] == ["5", "4", "3", "2", "1"]
    assert rest["next"] is None


async def test_a_clinic_adds_red_flags_and_takes_none_away(service: Service) -> None:
    rule = {"kind": "tingling", "least_severity": 3, "advice": "Call us today."}
    assert (await service("root", "POST", "/v1/red_flags", json=rule)).status_code == 201
    mild = await service.put("2026-04-29", 4, side_effects=[{"kind": "tingling", "severity": 2}])
    assert mild.json()["advice"] is None
    told = await service.put("2026-04-30", 4, side_effects=[{"kind": "tingling", "severity": 3}])
    assert told.json()["advice"] == "Call us today. Emergency: 112."
    batch = [{"date": "2026-04-28", "side_effects": [{"kind": "tingling", "severity": 4}]}]
    sent = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": batch})
    (item,) = sent.json()["items"]
    assert "emergency" in item["advice"] and "Call us today." in item["advice"]
    assert ("now", "2026-04-30", "tingling reported") in await flags(service)
    lenient = {"kind": "fever", "least_severity": 4, "advice": "Rest."}
    await service("root", "POST", "/v1/red_flags", json=lenient)
    fever = await service.put("2026-04-27", 4, side_effects=[{"kind": "fever", "severity": 1}])
    assert "infection" in fever.json()["advice"]
    assert [r["kind"] for r in (await service("ada", "GET", "/v1/red_flags")).json()["items"]] == ["tingling", "fever"]
    assert (await service("other", "GET", "/v1/red_flags")).json()["items"] == []
    for name, bad in (("least_severity", 5), ("kind", "joy"), ("advice", "")):
        answer = await service("root", "POST", "/v1/red_flags", json={**rule, name: bad})
        assert [e["pointer"] for e in answer.json()["errors"]] == [f"/{name}"]


async def test_lists_of_patients_and_flags_come_as_sheets(service: Service) -> None:
    await service.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 1}])
    for path, first in (("/v1/patients?limit=1", "id,name,born_on"), ("/v1/flags", "id,patient_id,kind")):
        sheet = await service("cleo", "GET", path, headers={"Accept": "text/csv"})
        assert sheet.text.startswith(first) and len(sheet.text.splitlines()) == 2
    assert (await service("cleo", "GET", "/v1/patients?limit=1", headers={"Accept": "text/csv"})).headers["next-cursor"]
