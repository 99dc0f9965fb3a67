"""What every kind of fact has: revisions, history, idempotency, cursors, sheets, earlier states."""

import asyncio
import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.accounts.service import account
from app.record.facts.service import fact
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
EVENT = {"kind": "injury", "happened_on": "2026-03-01", "note": "fell"}


def events(service: Service) -> str:
    return f"/v1/patients/{service.ada_id}/events"


async def count(service: Service) -> int:
    async with service.app.state.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(fact))).scalar_one())


async def test_a_row_tells_its_story_and_a_deletion_is_part_of_it(service: Service) -> None:
    made = await service("cleo", "POST", events(service), json={**EVENT, "recorded_at": "2026-04-30T10:00:00Z"})
    row = made.headers["location"]
    await service("ada", "PATCH", row, json={"note": "fell on ice", "reason": "she remembered"})
    await service("cleo", "PATCH", row, json={"note": "fell on ice"})  # says nothing new
    assert (await service("cleo", "DELETE", row, params={"reason": "another patient's"})).status_code == 204
    assert (await service("cleo", "GET", row)).status_code == 404
    told = (await service("cleo", "GET", f"{row}/history")).json()["items"]
    assert [(r["revision"], r["deleted"], r["reason"]) for r in told] == [
        (1, False, None),
        (2, False, "she remembered"),
        (3, True, "another patient's"),
    ]
    assert told[0]["recorded_at"] == "2026-04-30T10:00:00.000+00:00"
    assert [r["content"] and r["content"]["note"] for r in told] == ["fell", "fell on ice", None]
    assert len({r["account_id"] for r in told}) == 2
    assert (await service("other", "GET", f"{row}/history")).status_code == 404


async def test_a_lost_update_is_refused_and_null_takes_a_field_away(service: Service) -> None:
    made = await service("cleo", "POST", events(service), json=EVENT)
    row, tag = made.headers["location"], made.headers["etag"]
    changed = await service("cleo", "PATCH", row, json={"note": None}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["note"]) == (200, None)
    for method in ("PATCH", "DELETE"):
        late = await service(
            "cleo", method, row, json={"note": "x"} if method == "PATCH" else None, headers={"If-Match": tag}
        )
        assert late.status_code == 412
    now = (await service("cleo", "GET", row)).headers["etag"]
    assert (await service("cleo", "GET", row, headers={"If-None-Match": now})).status_code == 304


async def test_the_same_key_and_body_give_the_same_answer_and_do_nothing_twice(service: Service) -> None:
    key = {"Idempotency-Key": "a1"}
    first = await service("cleo", "POST", events(service), json=EVENT, headers=key)
    again = await service("cleo", "POST", events(service), json=EVENT, headers=key)
    assert (first.status_code, first.json(), first.headers["etag"], first.headers["location"]) == (
        again.status_code,
        again.json(),
        again.headers["etag"],
        again.headers["location"],
    )
    assert await count(service) == 1
    other = await service("cleo", "POST", events(service), json={**EVENT, "note": "x"}, headers=key)
    assert (other.status_code, other.json()["errors"][0]["where"]) == (422, "header")
    elsewhere = await service(
        "cleo",
        "POST",
        "/v1/patients",
        headers=key,
        json={"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"},
    )
    assert elsewhere.status_code == 422
    hers = {**EVENT, "note": "another fall"}
    assert (await service("ada", "POST", events(service), json=hers, headers=key)).status_code == 201
    assert await count(service) == 2


async def test_a_key_is_kept_for_a_day(service: Service, clock: Clock) -> None:
    key = {"Idempotency-Key": "b1"}
    await service("cleo", "POST", events(service), json=EVENT, headers=key)
    clock.now += timedelta(hours=11)
    await service("cleo", "POST", events(service), json=EVENT, headers=key)
    assert await count(service) == 1
    state = service.app.state
    clock.now += timedelta(hours=14)
    async with state.database.read() as connection:
        cleo = (await connection.execute(select(account.c.id).where(account.c.username == "cleo"))).scalar_one()
    service.tokens["cleo"] = (await state.sign_ins.issue(service.clinic_id, cleo, state.clock())).token
    new = {**EVENT, "note": "another fall"}
    assert (await service("cleo", "POST", events(service), json=new, headers=key)).status_code == 201
    assert await count(service) == 2


async def test_of_requests_that_race_with_one_key_one_does_the_work(service: Service) -> None:
    key = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(service("cleo", "POST", events(service), json=EVENT, headers=key) for _ in range(12))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    assert await count(service) == 1


async def test_a_call_that_failed_leaves_its_key_free(service: Service) -> None:
    key = {"Idempotency-Key": "c1"}
    bad = await service("cleo", "POST", events(service), json={**EVENT, "happened_on": "2026-05-02"}, headers=key)
    assert bad.status_code == 422
    again = await service("cleo", "POST", events(service), json={**EVENT, "happened_on": "2026-05-02"}, headers=key)
    assert again.status_code == 422
    assert await count(service) == 0


async def test_lists_go_by_the_day_and_page_steadily_under_writes(service: Service) -> None:
    for day in (5, 3, 9, 1, 7):
        await service("cleo", "POST", events(service), json={**EVENT, "happened_on": f"2026-03-0{day}"})
    first = (await service("ada", "GET", events(service), params={"limit": 2})).json()
    await service("cleo", "POST", events(service), json={**EVENT, "happened_on": "2026-03-02"})
    rest = (await service("ada", "GET", events(service), params={"limit": 200, "cursor": first["next"]})).json()
    days = [e["happened_on"][-1] for e in first["items"] + rest["items"]]
    assert days == ["1", "3", "5", "7", "9"]
    back = (await service("ada", "GET", events(service), params={"limit": 3, "order": "desc"})).json()
    more = await service("ada", "GET", events(service), params={"order": "desc", "cursor": back["next"]})
    assert [e["happened_on"][-1] for e in back["items"] + more.json()["items"]] == ["9", "7", "5", "3", "2", "1"]
    some = (await service("ada", "GET", events(service), params={"from": "2026-03-03", "to": "2026-03-07"})).json()
    assert [e["happened_on"][-1] for e in some["items"]] == ["3", "5", "7"]
    upside_down = await service("ada", "GET", events(service), params={"from": "2026-03-07", "to": "2026-03-03"})
    assert [e["pointer"] for e in upside_down.json()["errors"]] == ["/from"]
    for bad in ("x", "2026-03-01.", "2026-03-01.zz", first["next"] + "==="):
        assert (await service("ada", "GET", events(service), params={"cursor": bad})).status_code in (200, 422)


async def test_a_list_as_a_sheet_runs_no_formula(service: Service) -> None:
    await service("cleo", "POST", events(service), json={**EVENT, "note": "=1+1"})
    answer = await service("cleo", "GET", events(service), headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = list(csv.DictReader(io.StringIO(answer.text)))
    assert (row["kind"], row["note"], row["region"]) == ("injury", "'=1+1", "")


HARD = [
    "'; DROP TABLE fact; --",
    "<script>alert(1)</script>",
    "שלום \u202eabc",
    "👩‍⚕️ ünïcödé",
    "a\tb\nc",
    "%s {} $1 :x",
]


@pytest.mark.parametrize("text", HARD)
async def test_text_is_kept_as_it_was_written(service: Service, text: str) -> None:
    made = await service("cleo", "POST", events(service), json={**EVENT, "note": text})
    assert (await service("ada", "GET", made.headers["location"])).json()["note"] == text


BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "party"}, "/kind"),
    ({"happened_on": "2026-05-02"}, "/happened_on"),
    ({"happened_on": "1950-01-01"}, "/happened_on"),
    ({"note": "x" * 4001}, "/note"),
    ({"note": "nul \x00"}, "/note"),
    ({"mood": 1}, ""),
    ({"recorded_at": "2026-04-01T10:00:00"}, "/recorded_at"),
    ({"reason": ""}, "/reason"),
]


@pytest.mark.parametrize(("change", "pointer"), BAD)
async def test_a_bad_fact_is_refused_with_its_place(service: Service, change: dict[str, Any], pointer: str) -> None:
    row = (await service("cleo", "POST", events(service), json=EVENT)).headers["location"]
    for method, where in (("POST", events(service)), ("PATCH", row)):
        answer = await service("cleo", method, where, json={**EVENT, **change} if method == "POST" else change)
        assert answer.status_code == 422, answer.text
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert len((await service("cleo", "GET", f"{row}/history")).json()["items"]) == 1


async def test_a_patients_row_has_its_history_too(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}"
    await service("cleo", "PATCH", path, json={"time_zone": "America/New_York", "reason": "moved"})
    told = (await service("cleo", "GET", f"{path}/history")).json()["items"]
    assert [r["content"]["time_zone"] for r in told] == ["Europe/Zurich", "America/New_York"]
    assert [r["reason"] for r in told] == [None, "moved"]


EQUAL: dict[str, dict[str, Any]] = {
    "events": EVENT,
    "blocks": {
        "performed_on": "2026-03-01",
        "joints": ["L4-5"],
        "side": "left",
        "agent": "lidocaine",
        "pain_before": 7,
    },
    "assessments": {"kind": "peg", "answered_on": "2026-03-01", "items": [4, 5, 6]},
}


@pytest.mark.parametrize("kind", EQUAL)
async def test_what_is_recorded_again_word_for_word_is_refused_and_named(service: Service, kind: str) -> None:
    where = f"/v1/patients/{service.ada_id}/{kind}"
    first = await service("cleo", "POST", where, json=EQUAL[kind])
    assert first.status_code == 201, first.text
    again = await service("cleo", "POST", where, json={**EQUAL[kind], "reason": "pressed Back, and Record again"})
    assert again.status_code == 409 and first.json()["id"] in again.json()["detail"]
    assert await count(service) == 1
    day = next(name for name in EQUAL[kind] if name.endswith("_on"))
    assert (await service("cleo", "POST", where, json={**EQUAL[kind], day: "2026-03-02"})).status_code == 201
    other = next(one for one in (await service("cleo", "GET", where)).json()["items"] if one[day] == "2026-03-02")
    made_equal = await service("cleo", "PATCH", f"/v1/{kind}/{other['id']}", json={day: "2026-03-01"})
    assert made_equal.status_code == 409
