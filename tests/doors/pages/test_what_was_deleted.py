"""What was deleted can be seen again, with who deleted it and why; and whom to call stands on the sheet of a day."""

from typing import Any

import pytest

from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio


async def test_deleted_facts_of_each_kind_are_seen_with_the_reason(service: Service) -> None:
    procedure = await service.new_procedure(performed_on="2025-06-03")
    event: dict[str, Any] = {"kind": "injury", "happened_on": "2025-08-01", "note": "fell from a ladder"}
    made = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)
    where = f"/clinic/patients/{service.ada_id}/treatments"
    await enter(service)
    assert 'id="deleted"' not in await page(service, where)
    await send_form(service, f"/clinic/events/{made.json()['id']}/delete", reason="it was her sister")
    await send_form(service, f"/clinic/procedures/{procedure}/delete", reason="typed into the wrong record")
    text = (await page(service, where)).split('id="deleted"')[1]
    for part in (
        "fell from a ladder",
        "1 August 2025",
        "it was her sister",
        "3 June 2025",
        "into the wrong record",
        "cleo",
    ):
        assert part in text, part
    assert text.index("into the wrong record") < text.index("it was her sister")  # the latest first
    assert "/edit" not in text


async def test_a_corrected_fact_is_told_as_it_stood_last_and_only_once(service: Service) -> None:
    event: dict[str, Any] = {"kind": "injury", "happened_on": "2025-08-01", "note": "first"}
    made = (await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)).json()["id"]
    await service("cleo", "PATCH", f"/v1/events/{made}", json={"note": "second", "reason": "misheard"})
    await service("cleo", "DELETE", f"/v1/events/{made}", params={"reason": "of another"})
    kept: dict[str, Any] = {"kind": "injury", "happened_on": "2025-09-01", "note": "stays"}
    await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=kept)
    await enter(service)
    text = (await page(service, f"/clinic/patients/{service.ada_id}/treatments")).split('id="deleted"')[1]
    assert ("second" in text, "first" in text, "stays" in text, text.count("<li>")) == (True, False, False, 1)


async def test_the_day_says_whom_to_call(service: Service) -> None:
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"phone": "+41 44 987"})
    at = {"patient_id": service.ada_id, "slot_id": await slot(service)}
    assert (await service("sam", "POST", "/v1/appointments", json=at)).status_code == 201
    await enter(service, "sam")
    assert "+41 44 987" in await page(service, "/clinic/calendar?from=2026-06-02")
    for by in ("clinician", "room", "device"):
        assert "+41 44 987" in await page(service, f"/clinic/calendar/grid?from=2026-06-02&by={by}")
    assert "+41 44 987" not in await page(service, "/clinic/calendar/grid?from=2026-06-02&by=day")
