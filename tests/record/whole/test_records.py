"""A whole record out and in again, as it was known earlier, and gone."""

import asyncio
import copy
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.access.audit.service import event as audit_event
from app.base.store.typed import table
from app.doors.tables import metadata
from app.record.whole.tables import Tombstone
from tests.alerts.flags.test_conclusions import work
from tests.relief.support import course as scores_of
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
tombstones = table(Tombstone)
PERFORMED = date(2025, 7, 10)
NEW = {"name": "Zoe", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}


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


def with_old_ids(text: str, record: dict[str, Any]) -> str:
    """An answer of the clinic that a record was brought to, with the ids that its rows had before."""
    for one in record["revisions"]:
        text = text.replace(one["row_id"], one["origin"])
    return text


async def test_a_record_gets_new_ids_and_keeps_the_old_ones_as_origin(service: Service) -> None:
    procedure = await a_whole_story(service)
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    brought = await service("other", "POST", "/v1/records", json=record)
    assert brought.status_code == 201, brought.text
    assert (brought.json()["flags"], brought.json()["notes"]) == (0, [])
    theirs = brought.json()["patient_id"]
    again = (await service("other", "GET", f"/v1/patients/{theirs}/record")).json()
    old = {one["row_id"] for one in record["revisions"]}
    assert {one["origin"] for one in again["revisions"]} == old
    assert not old & {one["row_id"] for one in again["revisions"]}
    back = json.loads(with_old_ids(json.dumps(again), again))
    for one in back["revisions"]:
        del one["origin"]
    order = {place: one["row_id"] for place, one in enumerate(record["revisions"])}
    back["revisions"].sort(key=lambda one: (list(order.values()).index(one["row_id"]), one["number"]))
    assert without_accounts(back) == without_accounts(record)
    new_ids = {one["origin"]: one["row_id"] for one in again["revisions"]}
    for path in (
        f"/v1/procedures/{procedure}/relief",
        f"/v1/procedures/{procedure}/relief?definition=eighty",
        f"/v1/patients/{service.ada_id}/relief",
        f"/v1/procedures/{procedure}/plan",
        f"/v1/patients/{service.ada_id}/diary",
        f"/v1/patients/{service.ada_id}/blocks",
        f"/v1/patients/{service.ada_id}/procedures",
    ):
        there = path.replace(procedure, new_ids[procedure]).replace(service.ada_id, theirs)
        answer = with_old_ids((await service("other", "GET", there)).text, again)
        assert answer == (await service("cleo", "GET", path)).text, path


async def test_the_same_person_is_409_by_every_way_round(service: Service) -> None:
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    at_once = await asyncio.gather(*(service("other", "POST", "/v1/records", json=record) for _ in range(3)))
    assert sorted(one.status_code for one in at_once) == [201, 409, 409]
    theirs = next(one for one in at_once if one.status_code == 201).json()["patient_id"]
    back = (await service("other", "GET", f"/v1/patients/{theirs}/record")).json()
    assert (await service("cleo", "POST", "/v1/records", json=back)).status_code == 409
    assert (await service("cleo", "POST", "/v1/records", json=record)).status_code == 409


async def test_what_a_role_may_not_write_elsewhere_it_may_not_import(service: Service) -> None:
    bare = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    await service.put("2026-04-30", 4)
    with_diary = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    there = service.accounts["other"][0]
    await service.add("their_sam", there, "scheduler")
    await service.add("their_root", there, "admin")
    for who in ("their_sam", "their_root"):
        assert (await service(who, "POST", "/v1/records", json=with_diary)).status_code == 403, who
    assert (await service("their_sam", "POST", "/v1/records", json=bare)).status_code == 201


async def test_nothing_was_received_in_the_future(service: Service) -> None:
    await service.put("2026-04-30", 4)
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    for part in ("revisions", "diary"):
        spoilt = copy.deepcopy(record)
        spoilt[part][0]["received_at"] = "2099-01-01T00:00:00+00:00"
        answer = await service("other", "POST", "/v1/records", json=spoilt)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{part}/0/received_at")


async def test_a_row_id_of_another_patient_or_of_two_kinds_is_no_500(service: Service) -> None:
    procedure = await service.new_procedure()
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    other = (await service("other", "POST", "/v1/patients", json=NEW)).json()["id"]
    text = json.dumps(record).replace(procedure, other)  # an id that a row of that clinic has
    assert (await service("other", "POST", "/v1/records", json=json.loads(text))).status_code == 201
    text = json.dumps(record).replace(procedure, service.ada_id)
    answer = await service("other", "POST", "/v1/records", json=json.loads(text))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"][-7:]) == (422, "/row_id")


async def test_a_red_flag_comes_in_with_a_record_and_of_an_old_day_once_a_month(service: Service) -> None:
    fever = [{"kind": "fever", "severity": 2}]
    for on in ("2026-04-30", "2026-02-03", "2026-02-04"):
        await service.put(on, 4, side_effects=fever)
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    assert (await service("other", "POST", "/v1/records", json=record)).json()["flags"] == 2
    for who in ("cleo", "other"):
        raised = (await service(who, "GET", "/v1/flags?kind=red_flag")).json()["items"]
        found = sorted((one["first_on"], one["severity"]) for one in raised)
        assert found == [("2026-02-03", "later"), ("2026-04-30", "now")], who
    await service.put("2026-02-03", 5, side_effects=fever)
    assert len((await service("cleo", "GET", "/v1/flags?kind=red_flag")).json()["items"]) == 2


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
        (lambda r: r.update(extra=1), ""),
        (lambda r: r["revisions"][0]["content"].update(performed_on="2026-05-02"), "/revisions/0/content/performed_on"),
        (lambda r: r["diary"][0].update(date="2026-05-03"), "/diary/0/date"),
        (lambda r: r.update(exported_at="2026-05-03T00:00:00Z"), "/exported_at"),
        (lambda r: r["diary"][0].update(received_at="2026-05-03T00:00:00Z"), "/diary/0/received_at"),
        (lambda r: r["revisions"][-1].update(content=None), "/revisions/1"),  # the patient, deleted
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


async def test_a_block_of_two_regions_from_elsewhere_holds_nothing_up(service: Service) -> None:
    """What this clinic would refuse is kept with a note; it is read, judged and listed like any other."""
    procedure = await a_whole_story(service)
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()
    for row in record["revisions"]:
        if row["kind"] == "block" and row["content"]:
            row["content"]["joints"] = ["L4-5", "C2-3"]
    brought = await service("other", "POST", "/v1/records", json=record)
    assert (brought.status_code, len(brought.json()["notes"])) == (201, 1)
    theirs = brought.json()["patient_id"]
    (block,) = (await service("other", "GET", f"/v1/patients/{theirs}/blocks")).json()["items"]
    assert block["region"] == "lumbar", "that of its first joint"
    for one in (await service("other", "GET", f"/v1/patients/{theirs}/procedures")).json()["items"]:
        assert (await service("other", "GET", f"/v1/procedures/{one['id']}/relief")).status_code == 200
    await work(service)
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).status_code == 200
