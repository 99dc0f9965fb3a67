"""Reviews and appointments are one thing: what happens to one is seen in the other."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.access.audit.tables import AuditEvent
from app.answers.verdicts.claims import mark_of_older_engine
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.triage import NEEDS
from app.base.store.typed import col, table
from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.conftest import Clock
from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
EARLIER, LATER = "2026-06-02T09:00:00+02:00", "2026-06-09T23:30:00+02:00"


async def booked(service: Service, **of_slot: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A booked review, and its appointment."""
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}"
    await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service, EARLIER, **of_slot)})
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    return (await service("sam", "GET", where)).json(), mine


async def read(service: Service, review: dict[str, Any]) -> dict[str, Any]:
    return dict((await service("sam", "GET", f"/v1/reviews/{review['id']}")).json())


async def free(service: Service) -> set[str]:
    slots = (await service("sam", "GET", "/v1/slots?free=true")).json()["items"]
    return {one["id"] for one in slots}


async def test_moving_an_appointment_moves_it_everywhere(service: Service) -> None:
    review, mine = await booked(service)
    assert (review["state"], review["proposed_on"]) == ("booked", "2026-06-02")
    later = await slot(service, LATER)
    moved = await service(
        "sam", "POST", f"/v1/appointments/{mine['id']}/move", json={"slot_id": later, "reason": "she asked"}
    )
    assert moved.status_code == 200, moved.text
    now = await read(service, review)
    assert (now["state"], now["appointment_id"], now["proposed_on"]) == ("booked", moved.json()["id"], "2026-06-09")
    assert (now["steps"][-1]["what"], now["steps"][-1]["note"]) == ("move", "she asked")
    assert await free(service) == {mine["slot_id"]}


@pytest.mark.parametrize("who", ["ada", "sam"])
async def test_a_cancelled_appointment_puts_its_review_back_to_be_booked(service: Service, who: str) -> None:
    review, mine = await booked(service)
    await service(who, "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    now = await read(service, review)
    assert (now["state"], now["appointment_id"], now["steps"][-1]["note"]) == ("proposed", None, "ill")
    assert await free(service) == {mine["slot_id"]}
    again = await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": mine["slot_id"]})
    assert again.json()["state"] == "booked"
    await service(who, "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (await read(service, review))["state"] == "booked", "the old one is cancelled already: nothing happens"


async def test_a_moved_appointment_can_be_cancelled_and_its_review_follows(service: Service) -> None:
    review, mine = await booked(service)
    where = f"/v1/appointments/{mine['id']}/move"
    moved = await service("sam", "POST", where, json={"slot_id": await slot(service, LATER), "reason": "she asked"})
    await service("sam", "POST", f"/v1/appointments/{moved.json()['id']}/cancel", json={"reason": "ill"})
    assert (await read(service, review))["state"] == "proposed"
    assert (await service("sam", "POST", where, json={"slot_id": mine["slot_id"], "reason": "x"})).status_code == 409


async def test_ending_a_review_frees_its_slot(service: Service) -> None:
    review, mine = await booked(service)
    decided = {"decision": "none", "reason": "better by itself"}
    await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=decided)
    assert await free(service) == {mine["slot_id"]}


@pytest.mark.parametrize("kind", ["death", "moved_away", "surgery"])
async def test_what_ends_the_watch_ends_the_review_and_gives_its_slot_back(service: Service, kind: str) -> None:
    review, mine = await booked(service)
    event = {"kind": kind, "happened_on": "2026-04-30", **({"region": "lumbar"} if kind == "surgery" else {})}
    made = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)
    assert made.status_code == 201, made.text
    await work(service)
    now = await read(service, review)
    assert (now["state"], now["decision"]) == ("cancelled", None)
    async with service.app.state.database.read() as connection:
        own = select(col(AuditEvent.account_id)).where(
            col(AuditEvent.action) == "change", col(AuditEvent.resource) == "appointment"
        )
        assert (await connection.execute(own)).scalar_one() is None, "the service did it by itself"
    assert now["reason"] == f"followed until 30 April 2026: {kind.replace('_', ' ')}"
    assert await free(service) == {mine["slot_id"]}


async def test_a_repeat_decides_the_review_and_gives_a_slot_to_come_back(service: Service) -> None:
    review, mine = await booked(service)
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5"])
    await work(service)
    now = await read(service, review)
    assert (now["state"], now["decision"], now["reason"]) == ("decided", "repeat", "the procedure has been repeated")
    assert await free(service) == {mine["slot_id"]}


async def test_what_a_repeat_answers_is_closed_everywhere(service: Service) -> None:
    """Pain had returned: its flag lapses, its review is decided, the list asks about the new procedure alone."""
    old = await returned(service)
    assert [one["kind"] for one in await flags(service, "state=open") if one["procedure_id"] == old] == ["pain_return"]
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5", "L5-S1"])
    await work(service)
    assert [one for one in await flags(service, "state=open") if one["procedure_id"] == old] == []
    (lapsed,) = [one for one in await flags(service, "state=lapsed") if one["kind"] == "pain_return"]
    assert lapsed["steps"][-1]["note"] == "followed until 30 April 2026: repeated"
    verdict = (await service("cleo", "GET", f"/v1/procedures/{old}/relief")).json()
    assert (verdict["closed_by"], verdict["phase"], verdict["forecast"]) == ("repeat", "returned", None)
    assert "Followed until 30 April 2026: repeated" in verdict["says"]


async def test_other_levels_of_the_side_answer_no_review(service: Service) -> None:
    review, _ = await booked(service)
    await service.new_procedure(performed_on="2026-04-30", joints=["L2-3"])
    await work(service)
    assert (await read(service, review))["state"] == "booked"


async def test_one_procedure_is_not_recorded_twice(service: Service) -> None:
    first = await service.new_procedure(joints=["L4-5"])
    where = f"/v1/patients/{service.ada_id}/procedures"
    same = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}
    for joints in (["L4-5"], None):
        again = await service("cleo", "POST", where, json={**same, "joints": joints, "operator": "Dr. Muster"})
        assert (again.status_code, first in again.json()["detail"]) == (409, True)
    other = await service("cleo", "POST", where, json={**same, "laterality": "right", "joints": ["L4-5"]})
    assert other.status_code == 201
    gone = await service("cleo", "DELETE", f"/v1/procedures/{first}?reason=entered+twice")
    assert gone.status_code == 204
    assert (await service("cleo", "POST", where, json={**same, "joints": ["L4-5"]})).status_code == 201


async def test_a_patient_is_in_one_place_at_a_time(service: Service) -> None:
    _, mine = await booked(service)
    await service.add("dora", service.clinic_id, "clinician")
    dora = str(service.accounts["dora"][1])
    same = await slot(service, "2026-06-02T09:30:00+02:00", clinician_id=dora)
    after = await slot(service, "2026-06-02T10:45:00+02:00", clinician_id=dora)
    clash = await service("sam", "POST", "/v1/appointments", json={"slot_id": same, "patient_id": service.ada_id})
    assert clash.status_code == 409
    assert "The patient has an appointment at that time already: 2 June 2026, 07:00 (UTC)" in clash.json()["detail"]
    fits = await service("sam", "POST", "/v1/appointments", json={"slot_id": after, "patient_id": service.ada_id})
    assert fits.status_code == 201
    await service("sam", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    again = await service("sam", "POST", "/v1/appointments", json={"slot_id": same, "patient_id": service.ada_id})
    assert again.status_code == 201, again.text


async def test_a_closed_slot_is_not_free_and_one_that_was_booked_stays_on_record(service: Service) -> None:
    _, mine = await booked(service)
    other = await slot(service, LATER)
    closed = await service("sam", "PATCH", f"/v1/slots/{other}", json={"closed": True, "location": "Room 3"})
    assert (closed.json()["closed"], closed.json()["free"], closed.json()["location"]) == (True, False, "Room 3")
    assert await free(service) == set()
    taken = await service("sam", "POST", "/v1/appointments", json={"slot_id": other, "patient_id": service.ada_id})
    assert (taken.status_code, taken.json()["detail"]) == (409, "The slot is closed.")
    assert (await service("sam", "PATCH", f"/v1/slots/{mine['slot_id']}", json={"closed": True})).status_code == 409
    elsewhere = await service("sam", "PATCH", f"/v1/slots/{mine['slot_id']}", json={"location": "Room 9"})
    assert elsewhere.status_code == 409, "the patient was told of another room"
    await service("sam", "PATCH", f"/v1/slots/{other}", json={"closed": False})
    assert await free(service) == {other}
    assert (await service("sam", "DELETE", f"/v1/slots/{mine['slot_id']}")).status_code == 409
    await service("sam", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (await service("sam", "DELETE", f"/v1/slots/{mine['slot_id']}")).status_code == 409, "it stays on record"
    assert (await service("sam", "DELETE", f"/v1/slots/{other}")).status_code == 204
    assert (await service("sam", "DELETE", f"/v1/slots/{other}")).status_code == 404
    for who, status in (("ada", 403), ("other", 404)):
        for method, body in (("PATCH", {"closed": True}), ("DELETE", None)):
            answer = await service(who, method, f"/v1/slots/{mine['slot_id']}", json=body)
            assert answer.status_code == status, (who, method)


@pytest.mark.parametrize("ended", ["decide", "cancel"])
async def test_a_review_that_was_ended_can_go_on_with_a_reason(service: Service, ended: str) -> None:
    review, _ = await booked(service)
    where = f"/v1/reviews/{review['id']}"
    early = await service("cleo", "POST", f"{where}/reopen", json={"reason": "x"})
    assert early.status_code == 409, "it is open"
    body = {"reason": "a mistake", **({"decision": "none"} if ended == "decide" else {})}
    await service("cleo", "POST", f"{where}/{ended}", json=body)
    again = await service("cleo", "POST", f"{where}/reopen", json={"reason": "the wrong patient"})
    assert again.status_code == 200, again.text
    now = again.json()
    assert (now["state"], now["decision"], now["closed_at"], now["appointment_id"]) == ("opened", None, None, None)
    assert (now["steps"][-1]["what"], now["steps"][-1]["note"]) == ("reopen", "the wrong patient")
    await service("cleo", "POST", f"{where}/{ended}", json=body)
    await service("cleo", "POST", f"/v1/procedures/{review['procedure_id']}/reviews")
    other = await service("cleo", "POST", f"{where}/reopen", json={"reason": "x"})
    assert (other.status_code, other.json()["detail"]) == (409, "Another review of the procedure is open.")


@pytest.mark.parametrize("until", [None, "2026-04-30", "2026-05-01"])
async def test_waiting_needs_a_day_in_the_future(service: Service, until: str | None) -> None:
    review = await opened(service)
    decided = {"decision": "wait", "reason": "she wants to", **({"wait_until": until} if until else {})}
    one = await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=decided)
    assert (one.status_code, one.json()["errors"][0]["pointer"]) == (422, "/wait_until")
    many = {"step": "wait", "review_ids": [review["id"]], "reason": "she wants to"}
    bulk = await service("cleo", "POST", "/v1/reviews/bulk", json={**many, **({"wait_until": until} if until else {})})
    refused = bulk.json()["items"][0]["problem"]["errors"] if until else bulk.json()["errors"]
    assert refused[0]["pointer"].endswith("/wait_until")
    assert (await read(service, review))["state"] == "opened"


async def test_a_missing_baseline_is_a_need_of_its_own(service: Service) -> None:
    await service.new_procedure(performed_on="2026-02-01")
    await service.put("2026-04-29", 4)
    await work(service)
    async with service.app.state.database.read() as connection:
        found = (await connection.execute(select(col(OutcomeRow.place), col(OutcomeRow.why)))).one()
    assert (list(NEEDS)[found.place], found.why) == ("baseline", "pain before is missing: nothing can be computed")


async def test_a_repeat_that_was_decided_is_to_be_booked_again_where_its_slot_is_lost(service: Service) -> None:
    review, mine = await booked(service)
    where = f"/v1/reviews/{review['id']}"
    await service("cleo", "POST", f"{where}/decide", json={"decision": "repeat", "reason": "nine months of relief"})
    later = {"slot_id": await slot(service, LATER), "reason": "she asked"}
    moved = await service("sam", "POST", f"/v1/appointments/{mine['id']}/move", json=later)
    kept = await read(service, review)
    assert (kept["state"], kept["appointment_id"], kept["proposed_on"]) == ("decided", moved.json()["id"], "2026-06-09")
    await service("ada", "POST", f"/v1/appointments/{moved.json()['id']}/cancel", json={"reason": "ill"})
    now = await read(service, review)
    assert (now["state"], now["decision"], now["appointment_id"], now["closed_at"]) == ("proposed", None, None, None)


async def test_a_review_that_goes_on_keeps_the_appointment_that_stands(service: Service) -> None:
    review, mine = await booked(service)
    where = f"/v1/reviews/{review['id']}"
    await service("cleo", "POST", f"{where}/decide", json={"decision": "repeat", "reason": "nine months of relief"})
    again = (await service("cleo", "POST", f"{where}/reopen", json={"reason": "too early"})).json()
    assert (again["state"], again["appointment_id"]) == ("booked", mine["id"])
    await service("cleo", "POST", f"{where}/cancel", json={"reason": "nothing to decide"})
    assert await free(service) == {mine["slot_id"]}


async def test_what_a_person_opens_again_is_not_closed_again_by_the_same_end(service: Service) -> None:
    review, _ = await booked(service)
    event = {"kind": "moved_away", "happened_on": "2026-04-30"}
    await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)
    await work(service)
    assert (await read(service, review))["state"] == "cancelled"
    await service("cleo", "POST", f"/v1/reviews/{review['id']}/reopen", json={"reason": "she comes back"})
    await service.put("2026-04-29", 4)
    await work(service)
    assert (await read(service, review))["state"] == "opened"


async def test_a_patient_has_one_silent_diary_whatever_the_number_of_procedures(service: Service) -> None:
    await service.new_procedure(performed_on="2026-02-01", joints=["L4-5"])
    await service.new_procedure(performed_on="2026-02-01", region="cervical", joints=["C5-6"])
    await work(service)
    assert [one["kind"] for one in await flags(service, "kind=silent_diary")] == ["silent_diary"]
    assert len(await flags(service, "kind=missed_follow_up")) == 1


async def test_an_end_that_an_older_version_knew_of_closes_no_review_opened_since(
    service: Service, clock: Clock
) -> None:
    """Outcomes of before did not say what closed a watch: they are made anew, and the record says how old that is."""
    old = await service.new_procedure(performed_on="2025-07-10", joints=["L4-5"])
    await service.new_procedure(performed_on="2026-04-01", joints=["L4-5"])
    await work(service)
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(update(table(OutcomeRow)).values(engine="older", closed=None, closed_at=None))
        await mark_of_older_engine(connection, clock.now)
    clock.now += timedelta(minutes=5)
    review = (await service("cleo", "POST", f"/v1/procedures/{old}/reviews")).json()
    clock.now += timedelta(minutes=5)
    await work(service)
    assert (await read(service, review))["state"] == "opened"
