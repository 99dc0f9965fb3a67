"""A patient goes on in another clinic: the record goes along once, as they agreed, and both clinics' logs say so."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.problems import Problem
from app.base.store import wall
from app.base.store.typed import table
from app.record.whole.hand_overs import service as hand_overs
from app.record.whole.hand_overs.tables import HandOver
from app.record.whole.read_in import read_record
from app.record.whole.schemas import RecordIn
from tests.conftest import Clock
from tests.support import Service, course

pytestmark = pytest.mark.anyio


async def written(service: Service) -> str:
    procedure = await service.new_procedure(baseline_pain=7)
    diary = f"/v1/patients/{service.ada_id}/diary"
    done = await service("ada", "POST", diary, json={"entries": course("2025-07-01", [7.0] * 9 + [2.0] * 40)})
    assert done.status_code == 200
    await service.put("2026-04-30", 3, note="walked to the lake")
    return procedure


async def code_of(service: Service, who: str = "ada", **given: str) -> str:
    made = await service(who, "POST", f"/v1/patients/{service.ada_id}/hand_overs", json=given)
    assert made.status_code == 201, made.text
    return str(made.json()["code"])


async def test_the_whole_record_goes_over_once_and_stays_where_it_was(service: Service) -> None:
    procedure = await written(service)
    before = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()
    code = await code_of(service)
    taken = await service("other", "POST", f"/v1/hand_overs/{code}/take")
    assert (taken.status_code, taken.json()["days"]) == (201, 50), taken.text
    theirs = taken.json()["patient_id"]
    assert theirs != service.ada_id
    assert (await service("other", "GET", f"/v1/patients/{theirs}")).json()["name"] == "Ada Muster"
    day = await service("other", "GET", f"/v1/patients/{theirs}/diary/2026-04-30")
    assert day.json()["note"] == "walked to the lake"
    (one,) = (await service("other", "GET", f"/v1/patients/{theirs}/procedures")).json()["items"]
    after = (await service("other", "GET", f"/v1/procedures/{one['id']}/relief")).json()
    assert (after["phase"], after["current"]) == (before["phase"], before["current"])
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).status_code == 200
    again = await service("other", "POST", f"/v1/hand_overs/{code}/take")
    assert again.status_code == 404, "once"
    (told,) = (await service("ada", "GET", f"/v1/patients/{service.ada_id}/hand_overs")).json()["items"]
    assert (told["made_by"], told["taken_by"], told["agreed"]) == ("patient", "There", None)
    gone = await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/hand_overs/{told['id']}")
    assert gone.status_code == 409
    log = (await service("ada", "GET", "/v1/audit")).json()["items"]
    assert "handed over to There" in {one["why"] for one in log}
    whole = (await service("root", "GET", "/v1/audit?resource=record")).json()["items"]
    assert [one["action"] for one in whole] == ["read"]
    await service.add("boss", service.accounts["other"][0], "admin")
    there = (await service("boss", "GET", f"/v1/audit?patient_id={theirs}&resource=record")).json()["items"]
    assert {one["why"] for one in there if one["action"] == "create"} == {"handed over from Here"}


async def test_the_staff_say_how_the_patient_agreed(service: Service) -> None:
    where = f"/v1/patients/{service.ada_id}/hand_overs"
    refused = await service("cleo", "POST", where, json={})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/agreed")
    assert (await service("ada", "POST", where, json={"agreed": "yes"})).status_code == 422
    assert (await service("bob", "POST", where, json={})).status_code == 404
    assert (await service("other", "POST", where, json={"agreed": "yes"})).status_code == 404
    await code_of(service, "sam", agreed="signed the form of 1 May")
    (told,) = (await service("cleo", "GET", where)).json()["items"]
    assert (told["made_by"], told["agreed"]) == ("staff", "signed the form of 1 May")
    log = (await service("root", "GET", "/v1/audit?resource=hand_over")).json()["items"]
    assert [one["why"] for one in log] == ["signed the form of 1 May"]


async def test_a_code_holds_for_a_time_for_one_clinic_and_until_the_next(service: Service, clock: Clock) -> None:
    await written(service)
    first = await code_of(service)
    second = await code_of(service)
    assert (await service("other", "POST", f"/v1/hand_overs/{first}/take")).status_code == 404, "the newer one holds"
    for who, status in (("cleo", 404), ("ada", 403), ("nobody", 401)):
        assert (await service(who, "POST", f"/v1/hand_overs/{second}/take")).status_code == status, who
    (told,) = (await service("ada", "GET", f"/v1/patients/{service.ada_id}/hand_overs")).json()["items"]
    withdrawn = await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/hand_overs/{told['id']}")
    assert withdrawn.status_code == 204
    assert (await service("other", "POST", f"/v1/hand_overs/{second}/take")).status_code == 404
    third = await code_of(service)
    clock.now += timedelta(days=15)
    await service.sign_in_again()
    assert (await service("other", "POST", f"/v1/hand_overs/{third}/take")).status_code == 404


async def test_a_clinic_that_has_the_patient_takes_nobody_twice(service: Service) -> None:
    await written(service)
    assert (await service("other", "POST", f"/v1/hand_overs/{await code_of(service)}/take")).status_code == 201
    again = await service("other", "POST", f"/v1/hand_overs/{await code_of(service)}/take")
    assert again.status_code == 409


async def test_erasing_the_patient_takes_the_code_along(service: Service) -> None:
    await written(service)
    code = await code_of(service)
    assert (await service("root", "DELETE", f"/v1/patients/{service.ada_id}?reason=asked")).status_code == 204
    assert (await service("other", "POST", f"/v1/hand_overs/{code}/take")).status_code == 404


async def test_a_lost_answer_is_told_again_and_is_no_guess(service: Service) -> None:
    await written(service)
    code = await code_of(service)
    headers = {"Idempotency-Key": "over"}
    first = await service("other", "POST", f"/v1/hand_overs/{code}/take", headers=headers)
    again = await service("other", "POST", f"/v1/hand_overs/{code}/take", headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())


async def test_what_fails_uses_no_code_up_and_a_withdrawal_in_between_holds(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written(service)
    code = await code_of(service)
    read = read_record

    def withdrawn_meanwhile(raw: bytes) -> RecordIn:
        monkeypatch.setattr(hand_overs, "read_record", read)
        raise Problem(503, "stopped here")

    monkeypatch.setattr(hand_overs, "read_record", withdrawn_meanwhile)
    assert (await service("other", "POST", f"/v1/hand_overs/{code}/take")).status_code == 503
    where = f"/v1/patients/{service.ada_id}/hand_overs"
    (told,) = (await service("ada", "GET", where)).json()["items"]
    assert (told["taken_by"], told["taken_at"]) == (None, None)
    used = hand_overs._use

    async def late(connection: AsyncConnection, **more: Any) -> None:
        await wall.beyond(connection)  # as its own clinic would
        await connection.execute(delete(table(HandOver)))  # as if it had been withdrawn while the record was read
        await used(connection, **more)

    monkeypatch.setattr(hand_overs, "_use", late)
    assert (await service("other", "POST", f"/v1/hand_overs/{code}/take")).status_code == 404
    assert (await service("other", "GET", "/v1/patients")).json()["items"] == []
    monkeypatch.setattr(hand_overs, "_use", used)
    assert (await service("other", "POST", f"/v1/hand_overs/{code}/take")).status_code == 201
