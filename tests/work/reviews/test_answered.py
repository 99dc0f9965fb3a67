"""A decision answers the flags that it is about; what is taken back, or was a mistake, is open again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.alerts.flags.tables import Flag
from app.base.store.typed import col, table
from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.support import Service, course
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio


async def of_return(service: Service, state: str) -> list[dict[str, Any]]:
    return [one for one in await flags(service, f"state={state}") if one["kind"] == "pain_return"]


async def review_of(service: Service, procedure: str) -> dict[str, Any]:
    await work(service)
    items = (await service("sam", "GET", f"/v1/reviews?patient_id={service.ada_id}")).json()["items"]
    return next(one for one in items if one["procedure_id"] == procedure)


@pytest.mark.parametrize("decision", ["none", "other_treatment", "wait"])
async def test_a_decision_resolves_the_flag_and_reopening_takes_it_up_again(service: Service, decision: str) -> None:
    review = await review_of(service, await returned(service))
    where = f"/v1/reviews/{review['id']}"
    body = {"decision": decision, "reason": "talked it over"}
    if decision == "wait":
        body["wait_until"] = "2026-08-01"
    assert (await service("cleo", "POST", f"{where}/decide", json=body)).status_code == 200
    (flag,) = await of_return(service, "resolved")
    assert flag["steps"][-1]["note"] == f"decided in review {review['id']}: {decision.replace('_', ' ')}"
    await work(service)
    assert await of_return(service, "open") == [], "its cause goes on, and raises no second"
    assert (await service("cleo", "POST", f"{where}/reopen", json={"reason": "not so"})).status_code == 200
    (again,) = await of_return(service, "acknowledged")
    assert again["id"] == flag["id"]


async def test_who_works_on_the_review_has_its_flag(service: Service) -> None:
    review = await review_of(service, await returned(service))
    await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json={"note": "called"})
    (flag,) = await of_return(service, "acknowledged")
    assert flag["owner_id"] == str(service.accounts["sam"][1])
    await service("cleo", "PATCH", f"/v1/reviews/{review['id']}", json={"note": "called again"})
    assert await of_return(service, "acknowledged") == [flag], "who has it keeps it"


async def test_what_a_review_has_answered_comes_back_by_the_review_alone(service: Service) -> None:
    review = await review_of(service, await returned(service))
    decided = {"decision": "none", "reason": "well"}
    await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=decided)
    (flag,) = await of_return(service, "resolved")
    refused = await service("cleo", "POST", f"/v1/flags/{flag['id']}/undo")
    assert (refused.status_code, refused.json()["detail"][-18:]) == (409, "reopen the review.")


async def test_a_red_flag_is_never_answered_by_a_review(service: Service) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    await service.put("2026-04-30", 7, side_effects=[{"kind": "fever", "severity": 2}])
    (red,) = [one for one in await flags(service, "state=open") if one["kind"] == "red_flag"]
    opened = await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={"flag_id": red["id"]})
    assert (opened.status_code, opened.json()["flag_id"]) == (201, red["id"])
    decided = {"decision": "none", "reason": "another"}
    done = await service("cleo", "POST", f"/v1/reviews/{opened.json()['id']}/decide", json=decided)
    assert done.status_code == 200, done.text
    assert [one["state"] for one in await flags(service, "kind=red_flag")] == ["open"]


async def test_a_bulk_decision_answers_flags_and_its_undoing_takes_them_up(service: Service) -> None:
    review = await review_of(service, await returned(service))
    body = {"step": "wait", "review_ids": [review["id"]], "reason": "in autumn", "wait_until": "2026-09-01"}
    done = (await service("sam", "POST", "/v1/reviews/bulk", json=body)).json()
    assert len(await of_return(service, "resolved")) == 1
    await service("sam", "POST", f"/v1/reviews/bulk/{done['id']}/undo")
    assert len(await of_return(service, "acknowledged")) == 1


async def test_a_mistaken_repeat_that_is_deleted_opens_what_it_had_closed(service: Service) -> None:
    procedure = await returned(service)
    review = await review_of(service, procedure)
    repeat = await service.new_procedure(performed_on="2026-04-30", joints=["L4-5", "L5-S1"])
    await work(service)
    closed = (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()
    assert (closed["state"], closed["decision"]) == ("decided", "repeat")
    await service("cleo", "DELETE", f"/v1/procedures/{repeat}", params={"reason": "another patient's"})
    await work(service)
    again = (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()
    assert (again["state"], again["decision"], again["closed_at"]) == ("opened", None, None)
    assert again["steps"][-1]["note"] == "what had ended it is no longer on record"
    (flag,) = await of_return(service, "open")
    assert flag["procedure_id"] == procedure
    await work(service)
    open_ones = (await service("sam", "GET", f"/v1/reviews?patient_id={service.ada_id}")).json()["items"]
    assert [one["id"] for one in open_ones] == [review["id"]], "no second review beside it"


async def test_what_was_answered_is_not_asked_again_after_a_mistaken_repeat(service: Service) -> None:
    await returned(service)
    (flag,) = await of_return(service, "open")
    await service("sam", "POST", f"/v1/flags/{flag['id']}/resolve", json={"note": "called her"})
    repeat = await service.new_procedure(performed_on="2026-04-30", joints=["L4-5", "L5-S1"])
    await work(service)
    await service("cleo", "DELETE", f"/v1/procedures/{repeat}", params={"reason": "another patient's"})
    await work(service)
    assert (await of_return(service, "open"), len(await of_return(service, "resolved"))) == ([], 1)


async def booked_and_decided(service: Service) -> tuple[str, str]:
    """The addresses of a review that was booked and decided to repeat, and of its appointment."""
    review = await review_of(service, await returned(service))
    where = f"/v1/reviews/{review['id']}"
    booked = (await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service)})).json()
    await service("cleo", "POST", f"{where}/decide", json={"decision": "repeat", "reason": "nine months"})
    return where, f"/v1/appointments/{booked['appointment_id']}"


async def test_a_repeat_that_comes_before_its_day_gives_the_appointment_back(service: Service) -> None:
    where, appointment = await booked_and_decided(service)
    repeat = await service.new_procedure(performed_on="2026-04-30", joints=["L4-5", "L5-S1"])
    await work(service)
    standing = (await service("sam", "GET", f"/v1/appointments?patient_id={service.ada_id}")).json()["items"]
    assert [(f"/v1/appointments/{one['id']}", one["state"]) for one in standing] == [(appointment, "cancelled")]
    assert standing[0]["reason"] == "the procedure has been repeated"
    review = (await service("sam", "GET", where)).json()
    assert (review["state"], review["decision"], review["reason"]) == ("decided", "repeat", "nine months")
    await work(service)
    assert (await service("sam", "GET", where)).json() == review, "once"
    await service("cleo", "DELETE", f"/v1/procedures/{repeat}", params={"reason": "another patient's"})
    await work(service)
    assert (await service("sam", "GET", where)).json()["state"] == "opened"


async def test_an_appointment_cancelled_after_the_repeat_opens_nothing_again(service: Service) -> None:
    where, appointment = await booked_and_decided(service)
    repeat = await service.new_procedure(performed_on="2026-04-30", joints=["L4-5", "L5-S1"])
    for one in (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/procedures")).json()["items"]:
        assert (await service("cleo", "GET", f"/v1/procedures/{one['id']}/relief")).status_code == 200, repeat
    gone = await service("sam", "POST", f"{appointment}/cancel", json={"reason": "done already"})
    assert gone.status_code == 200, gone.text
    review = (await service("sam", "GET", where)).json()
    assert (review["state"], review["decision"]) == ("decided", "repeat")


@pytest.mark.parametrize("who", ["ada", "sam"])
async def test_a_repeat_whose_slot_is_given_up_takes_its_flags_up_again(service: Service, who: str) -> None:
    review = await review_of(service, await returned(service))
    where = f"/v1/reviews/{review['id']}"
    await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service)})
    await service("cleo", "POST", f"{where}/decide", json={"decision": "repeat", "reason": "nine months"})
    assert len(await of_return(service, "resolved")) == 1
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    await service(who, "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    (again,) = await of_return(service, "acknowledged")
    owner = {"ada": "cleo", "sam": "sam"}[who]  # a patient owns no flag: whoever decided does
    assert again["owner_id"] == str(service.accounts[owner][1])


async def test_an_ended_review_is_not_opened_again_beside_a_newer_one(service: Service) -> None:
    procedure = await returned(service)
    first = await review_of(service, procedure)
    body = {"kind": "surgery", "happened_on": "2026-04-30", "region": "lumbar"}
    event = (await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=body)).json()
    await work(service)
    second = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()
    await service("cleo", "POST", f"/v1/reviews/{second['id']}/decide", json={"decision": "none", "reason": "seen"})
    await service("cleo", "DELETE", f"/v1/events/{event['id']}")
    await work(service)
    assert (await service("sam", "GET", f"/v1/reviews/{first['id']}")).json()["state"] == "cancelled"


async def test_what_else_is_open_keeps_a_patient_up_in_the_list(service: Service) -> None:
    """One flag is resolved, another of the same patient is not: it is not hidden behind the first."""
    procedure = await service.new_procedure(performed_on="2025-07-10", baseline_pain=4)
    scores: list[float | None] = [8.5, 8.0, 9.0] * 60
    body = {"entries": course("2025-07-11", scores) + course("2026-04-01", [8.5] * 30)}
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json=body)
    await work(service)
    kinds = {one["kind"]: one["id"] for one in await flags(service, "state=open") if one["procedure_id"] == procedure}
    assert {"no_relief", "worse_than_before"} <= set(kinds)
    await enter(service)
    await service("cleo", "POST", f"/v1/flags/{kinds['no_relief']}/resolve", json={"note": "seen"})
    text = (await service("nobody", "GET", "/clinic?q=Ada")).text
    says = {one["kind"]: one["says"] for one in await flags(service, "state=open")}
    assert 'class="badge look_soon"' in text and says["worse_than_before"] in text, (
        "the one that is open, not the answered one"
    )
    for kind, flag in kinds.items():
        if kind != "no_relief":
            await service("cleo", "POST", f"/v1/flags/{flag}/resolve", json={"note": "seen"})
    assert 'class="badge answered"' in (await service("nobody", "GET", "/clinic?q=Ada")).text


async def test_a_resolved_flag_can_be_taken_back_for_a_quarter_of_an_hour(service: Service, clock: Clock) -> None:
    await returned(service)
    await work(service)
    (flag,) = await of_return(service, "open")
    where = f"/v1/flags/{flag['id']}"
    assert (await service("cleo", "POST", f"{where}/undo")).status_code == 409
    await service("cleo", "POST", f"{where}/resolve")
    undone = await service("cleo", "POST", f"{where}/undo")
    assert (undone.json()["state"], undone.json()["owner_id"], undone.json()["ended_at"]) == ("open", None, None)
    await service("cleo", "POST", f"{where}/acknowledge")
    await service("sam", "POST", f"{where}/resolve")
    mine = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    taken = (await service("sam", "POST", f"{where}/undo")).json()
    assert (taken["state"], taken["owner_id"]) == ("acknowledged", mine)
    await service("sam", "POST", f"{where}/resolve")
    clock.now += timedelta(minutes=15, seconds=1)
    assert (await service("sam", "POST", f"{where}/undo")).status_code == 409


async def test_a_red_flag_is_resolved_only_with_a_word_on_what_was_done(service: Service) -> None:
    await service.new_procedure()
    await service.put("2026-04-30", 7, side_effects=[{"kind": "fever", "severity": 2}])
    (red,) = [one for one in await flags(service, "state=open") if one["kind"] == "red_flag"]
    refused = await service("cleo", "POST", f"/v1/flags/{red['id']}/resolve")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/note")
    done = await service("cleo", "POST", f"/v1/flags/{red['id']}/resolve", json={"note": "seen, antibiotics"})
    assert done.json()["state"] == "resolved"


async def test_two_processes_raise_one_silence(service: Service) -> None:
    """Both have looked before either wrote: the cause of a flag that a patient has once is named after the patient."""
    await service.new_procedure(performed_on="2026-01-10", joints=["L4-5"])
    await service.new_procedure(performed_on="2026-01-20", laterality="right", joints=["L4-5"])
    await work(service)
    async with service.app.state.database.read() as connection:
        silent = select(table(Flag)).where(col(Flag.kind) == "silent_diary")
        (one,) = (await connection.execute(silent)).all()
    assert one._mapping["cause"] == "1"
