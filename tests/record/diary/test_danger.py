"""What the patient is told in the same answer, and what the clinic gets to see."""

from typing import Any

import pytest
from sqlalchemy import insert

from app.alerts.messages.tables import Address
from app.base.store.typed import row_of, table
from app.rules.red_flags import rules
from app.rules.words import LANGUAGES, Language
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


REPORTED: dict[str, dict[str, Any]] = {
    "fever": {"temperature_c": 38.5},
    "wound": {"side_effects": [{"kind": "wound_discharge"}]},
    "weakness": {"side_effects": [{"kind": "weakness"}]},
    "saddle_numbness": {"side_effects": [{"kind": "saddle_numbness"}]},
    "bladder_or_bowel": {"side_effects": [{"kind": "bladder_or_bowel_change"}]},
    "headache": {"side_effects": [{"kind": "headache", "severity": 3}]},
    "rising_pain": {"side_effects": [{"kind": "soreness", "severity": 3}]},
    "chest_pain_thoracic": {"side_effects": [{"kind": "chest_pain"}]},
    "breathing_thoracic": {"side_effects": [{"kind": "breathlessness"}]},
    "allergy": {"side_effects": [{"kind": "hives"}]},
    "burn": {"side_effects": [{"kind": "burn"}]},
    "severe_numbness": {"side_effects": [{"kind": "numbness", "severity": 3}]},
    "in_danger": {"side_effects": [{"kind": "other", "severity": 4}]},
}
ENDS = {
    "en": "Your clinic: 044 1. Emergency: 144.",
    "de": "Ihre Klinik: 044 1. Notruf: 144.",
    "fr": "Votre clinique : 044 1. Urgences : 144.",
    "es": "Su clínica: 044 1. Emergencias: 144.",
}
LIFE = {
    "en": "I don't want to live any more",
    "de": "Ich will nicht mehr leben",
    "fr": "je ne veux plus vivre",
    "es": "no quiero vivir más",
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_rule_tells_in_the_patients_language(service: Service, language: Language) -> None:
    await service("root", "PATCH", "/v1/clinic", json={"phone": "044 1", "jurisdiction": "CH"})
    await service.new_procedure(performed_on="2026-04-28", region="thoracic")
    spoken = await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"language": language})
    assert spoken.json()["language"] == language
    by_name = {rule.name: rule for rule in rules()}
    for name, parts in REPORTED.items():
        told = (await service("ada", "PUT", f"/v1/patients/{service.ada_id}/diary/2026-04-30", json=parts)).json()
        assert told["advice"] == f"{by_name[name].advice[language]} {ENDS[language]}", name
    asked = await service.put("2026-04-29", note=LIFE[language])
    assert asked.json()["advice"] == f"{by_name['self_harm'].asks[language]} {ENDS[language]}"


async def test_the_language_is_that_of_the_record_else_of_the_newest_address_else_english(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}"

    async def first_word() -> str:
        told = await service("ada", "PUT", f"{path}/diary/2026-04-30", json={"temperature_c": 39})
        return str(told.json()["advice"]).split()[0]

    assert await first_word() == "A"
    clinic_id, account_id = service.accounts["ada"]
    for locale in ("es", "de-CH", "it"):
        made = Address(
            clinic_id=clinic_id,
            account_id=account_id,
            channel="email",
            target={"email": "ada@example.org"},
            locale=locale,
            created_at=service.app.state.clock(),
        )
        await service.app.state.database.write(
            lambda c, made=made: c.execute(insert(table(Address)).values(row_of(made)))
        )
    assert await first_word() == "Fieber", "the newest that there are texts in"
    await service("cleo", "PATCH", path, json={"language": "fr"})
    assert await first_word() == "Une"
    gone = await service("cleo", "PATCH", path, json={"language": None})
    assert (gone.status_code, gone.json()["language"]) == (200, None)
    assert await first_word() == "Fieber"
    assert (await service("cleo", "PATCH", path, json={"language": "xx"})).status_code == 422


async def test_a_language_travels_with_the_record_and_stands_in_its_history(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}"
    await service("cleo", "PATCH", path, json={"language": "es"})
    record = (await service("cleo", "GET", f"{path}/record")).json()
    kept = [one["content"] for one in record["revisions"] if one["kind"] == "patient"]
    assert [one.get("language") for one in kept] == [None, "es"] and "language" not in kept[0]
    made = await service("other", "POST", "/v1/records", json=record)
    theirs = await service("other", "GET", f"/v1/patients/{made.json()['patient_id']}")
    assert theirs.json()["language"] == "es"
