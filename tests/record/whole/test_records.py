"""A whole record out and in again, as it was known earlier, and gone."""

import copy
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.access.audit.service import event as audit_event
from app.base.store.typed import table
from app.doors.tables import metadata
from app.record.whole.tables import Tombstone
from tests.relief.support import course as scores_of
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
tombstones = table(Tombstone)
PERFORMED = date(2025, 7, 10)


async def a_whole_story(service: Service) -> str:
    """A patient with everything on record; answers the procedure's id."""
    procedure = await service.new_procedure(baseline_pain=7, joints=["L4-5"])
    scores = scores_of(7, 2, 150, 6, 290, seed=2)
    days = [(PERFORMED + timedelta(days=d), s) for d, s in sorted(scores.items())]
    batch = {"entries": [{"date": on.isoformat(), **entry(s)} for on, s in days]}
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json=batch)
    await service.put("2026-04-20", 9)
    await service.put("2026-04-20", 3, note="corrected")
    await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/diary/{days[40][0]}")
    of = f"/v1/patients/{service.ada_id}"
    block = {"performed_on": "2025-07-01", "side": "left", "joints": ["L4-5"], "agent": "lidocaine", "pain_before": 7}
    await service("cleo", "POST", f"{of}/blocks", json={**block, "procedure_id": procedure})
    made = await service("cleo", "POST", f"{of}/events", json={"kind": "injury", "happened_on": "2026-02-01"})
    await service("cleo", "PATCH", made.headers["location"], json={"note": "ankle"})
    gone = await service("cleo", "POST", f"{of}/events", json={"kind": "surgery", "happened_on": "2026-01-01"})
    await service("cleo", "DELETE", gone.headers["location"])
    for on, items in (("2025-07-01", [7, 7, 7]), ("2025-10-01", [3, 3, 3])):
        await service("ada", "POST", f"{of}/assessments", json={"kind": "peg", "answered_on": on, "items": items})
    contact = {"procedure_id": procedure, "contact": "weeks_2", "done_on": "2025-07-24"}
    await service("cleo", "POST", f"{of}/contacts", json=contact)
    return procedure


def without_accounts(record: dict[str, Any]) -> dict[str, Any]:
    out = copy.deepcopy(record)
    out.pop("exported_at")
    for row in out["revisions"] + out["diary"]:
        row.pop("account_id")
    return out


async def test_a_record_taken_to_another_clinic_is_the_same_and_has_the_same_verdicts(service: Service) -> None:
    procedure = await a_whole_story(service)
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    brought = await service("other", "POST", "/v1/records", json=record)
    assert brought.status_code == 201, brought.text
    assert brought.json()["patient_id"] == service.ada_id
    again = (await service("other", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    assert without_accounts(again) == without_accounts(record)
    for path in (
        f"/v1/procedures/{procedure}/relief",
        f"/v1/procedures/{procedure}/relief?definition=eighty",
        f"/v1/patients/{service.ada_id}/relief",
        f"/v1/procedures/{procedure}/plan",
        f"/v1/patients/{service.ada_id}/diary",
        f"/v1/patients/{service.ada_id}/blocks",
        f"/v1/patients/{service.ada_id}/procedures",
    ):
        assert (await service("other", "GET", path)).text == (await service("cleo", "GET", path)).text, path
    twice = await service("other", "POST", "/v1/records", json=record)
    assert twice.status_code == 409


async def test_a_record_as_it_was_known_leaves_out_what_came_later(service: Service, clock: Any) -> None:
    await service.put("2026-04-20", 9)
    then = clock.now.isoformat()
    clock.now += timedelta(minutes=1)
    await service.put("2026-04-20", 3)
    await service.new_procedure()
    path = f"/v1/patients/{service.ada_id}/record"
    known = (await service("cleo", "GET", path, params={"as_known_on": then})).json()
    assert [w["content"]["pain"][0]["average"] for w in known["diary"]] == [9.0]
    assert {r["kind"] for r in known["revisions"]} == {"patient"}


async def test_a_verdict_as_known_earlier_knows_only_the_procedures_of_then(service: Service, clock: Any) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    await service.put("2026-04-20", 2)
    clock.now += timedelta(minutes=1)
    then = clock.now.isoformat()
    clock.now += timedelta(minutes=1)
    path = f"/v1/procedures/{procedure}/relief"
    before = (await service("cleo", "GET", path)).json()
    await service.new_procedure(performed_on="2026-03-01")  # a repeat ends the watch of the first
    await service("cleo", "PATCH", f"/v1/procedures/{procedure}", json={"baseline_pain": 6})
    now = (await service("cleo", "GET", path)).json()
    assert now["baseline"]["pain"] == 6 and len(now["days"]["date"]) < len(before["days"]["date"])
    known = (await service("cleo", "GET", path, params={"as_known_on": then})).json()
    assert {**known, "as_known_on": None} == before


@pytest.mark.parametrize(
    ("spoil", "pointer"),
    [
        (lambda r: r.update(format="csv"), "/format"),
        (lambda r: r["revisions"].pop(), "/revisions"),
        (lambda r: r["revisions"][0].update(number=2), "/revisions/0/number"),
        (lambda r: r["revisions"][0]["content"].update(region="elbow"), "/revisions/0/content/region"),
        (lambda r: r["diary"][0]["content"].update(pain=[{"region": "lumbar"}]), "/diary/0/content/pain/0/side"),
        (lambda r: r["diary"][0].update(revision=3), "/diary/0/revision"),
        (lambda r: r["diary"][0].update(date="1980-01-01"), "/diary/0/date"),
        (lambda r: r.update(extra=1), "/extra"),
        (lambda r: r["revisions"][0]["content"].update(performed_on="2026-05-02"), "/revisions/0/content"),
        (lambda r: r["diary"][0].update(date="2026-05-02"), "/diary/0/date"),
    ],
)
async def test_a_record_at_fault_is_refused_whole(service: Service, spoil: Any, pointer: str) -> None:
    await service.new_procedure()
    await service.put("2026-04-20", 3)
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    record["revisions"].sort(key=lambda r: r["kind"] == "patient")
    spoil(record)
    answer = await service("other", "POST", "/v1/records", json=record)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await service("other", "GET", f"/v1/patients/{service.ada_id}")).status_code == 404


async def test_erasure_leaves_a_tombstone_and_the_audit_and_nothing_of_the_person(service: Service) -> None:
    procedure = await a_whole_story(service)
    await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")
    for who in ("ada", "cleo"):  # answers are kept by their key
        made = await service(
            who,
            "POST",
            f"/v1/patients/{service.ada_id}/diary",
            json={"entries": [{"date": "2026-04-21", **entry(4)}]},
            headers={"Idempotency-Key": f"sent-by-{who}"},
        )
        assert made.status_code == 200, made.text
    assert (await service("root", "DELETE", f"/v1/patients/{service.ada_id}")).status_code == 422  # no reason given
    gone = await service("root", "DELETE", f"/v1/patients/{service.ada_id}", params={"reason": "asked in writing"})
    assert gone.status_code == 204
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).status_code == 404
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).status_code == 404
    kept = {"audit_event", "tombstone"}
    patient, account = UUID(service.ada_id), service.accounts["ada"][1]
    async with service.app.state.database.read() as connection:
        for each in metadata.sorted_tables:
            if each.name in kept:
                continue
            whole = str((await connection.execute(select(each))).all())
            assert str(patient) not in whole, each.name
            assert str(account) not in whole, each.name
        (buried,) = (await connection.execute(select(tombstones))).all()
        last = (await connection.execute(select(audit_event).order_by(audit_event.c.id.desc()))).first()
    assert buried.reason == "asked in writing"
    assert last is not None and (last.action, last.resource) in {("delete", "record"), ("read", "patient")}


async def test_ten_years_of_long_entries_fit_in(service: Service) -> None:
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    at, first = "2026-04-30T10:00:00+00:00", date(2016, 5, 1)
    record["diary"] = [
        {
            "date": (first + timedelta(days=d)).isoformat(),
            "revision": 1,
            "recorded_at": at,
            "received_at": at,
            "content": {"note": "x" * 1500},
        }
        for d in range(3650)
    ]
    brought = await service("other", "POST", "/v1/records", json=record)
    assert (brought.status_code, brought.json()["days"]) == (201, 3650)
