import asyncio

import pytest

from tests.support import Service, course, entry

pytestmark = pytest.mark.anyio


async def test_an_entry_is_created_then_unchanged_then_changed(service: Service) -> None:
    first = await service.put("2026-04-30", 4)
    assert first.status_code == 201
    assert first.json()["revision"] == 1
    again = await service.put("2026-04-30", 4)
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    changed = await service.put("2026-04-30", 5)
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    read = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")
    assert read.json()["pain"][0]["average"] == 5
    revisions = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30/revisions")).json()[
        "items"
    ]
    assert [(r["revision"], r["current"]) for r in revisions] == [(1, False), (2, True)]


async def test_the_writing_written_down_last_is_current_whatever_order_it_comes_in(service: Service) -> None:
    late = entry(7, recorded_at="2026-04-30T22:00:00+02:00")
    early = entry(3, recorded_at="2026-04-30T08:00:00+02:00")
    for on, writings in (("2026-04-29", [late, early]), ("2026-04-28", [early, late])):
        for w in writings:
            w = {**w, "recorded_at": w["recorded_at"]}
            assert (await service("ada", "PUT", f"/v1/patients/{service.ada_id}/diary/{on}", json=w)).status_code < 300
        read = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/{on}")
        assert read.json()["pain"][0]["average"] == 7


async def test_a_batch_answers_each_item_and_keeps_the_good_ones(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary"
    batch = [
        *course("2026-04-01", [4, 5]),
        {"date": "2026-04-03", **entry(11)},
        {"date": "2026-02-30", **entry(1)},
        {"date": "2026-06-01", **entry(1)},
        "nonsense",
        {"date": "2026-04-01", **entry(4)},
        {"date": "2026-04-04", "pain": [], "mood": 1},
    ]
    answer = await service("ada", "POST", path, json={"entries": batch})
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [i["status"] for i in items] == [
        "created",
        "created",
        "rejected",
        "rejected",
        "rejected",
        "rejected",
        "unchanged",
        "rejected",
    ]
    assert items[2]["problem"]["errors"][0]["pointer"] == "/pain/0/average"
    assert items[4]["problem"]["errors"][0]["detail"] == "lies in the patient's future"
    assert items[7]["problem"]["errors"][0]["pointer"] == ""
    kept = (await service("ada", "GET", path)).json()["items"]
    assert [k["date"] for k in kept] == ["2026-04-01", "2026-04-02"]
    assert (await service.put("2026-04-01", 4)).json()["revision"] == 1


async def test_an_older_writing_in_a_batch_is_superseded_and_kept(service: Service) -> None:
    await service.put("2026-04-30", 4, recorded_at="2026-04-30T20:00:00+02:00")
    path = f"/v1/patients/{service.ada_id}/diary"
    old = {"date": "2026-04-30", **entry(9, recorded_at="2026-04-30T10:00:00+02:00")}
    for expected in ("superseded", "superseded"):
        answer = await service("ada", "POST", path, json={"entries": [old]})
        assert answer.json()["items"][0]["status"] == expected
    revisions = (await service("ada", "GET", f"{path}/2026-04-30/revisions")).json()["items"]
    assert [(r["current"], r["entry"]["pain"][0]["average"]) for r in revisions] == [(True, 4), (False, 9)]


async def test_a_deletion_is_a_revision(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    assert (await service("ada", "DELETE", path)).status_code == 404
    await service.put("2026-04-30", 4)
    assert (await service("ada", "DELETE", path)).status_code == 204
    assert (await service("ada", "GET", path)).status_code == 404
    assert (await service("ada", "DELETE", path)).status_code == 404
    revisions = (await service("ada", "GET", f"{path}/revisions")).json()["items"]
    assert [(r["deleted"], r["current"]) for r in revisions] == [(False, False), (True, True)]
    assert (await service.put("2026-04-30", 4)).status_code == 201


async def test_two_writers_at_once_both_leave_a_revision_and_one_is_current(service: Service) -> None:
    answers = await asyncio.gather(*(service.put("2026-04-30", score / 2) for score in range(20)))
    assert all(a.status_code in (200, 201) for a in answers)
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30/revisions"
    revisions = (await service("ada", "GET", path)).json()["items"]
    assert len(revisions) == 20
    assert [r["received_at"] for r in revisions if r["current"]] == [max(r["received_at"] for r in revisions)]
    assert sorted(r["entry"]["pain"][0]["average"] for r in revisions) == [s / 2 for s in range(20)]


async def test_what_was_known_earlier_can_be_read_again(service: Service) -> None:
    first = (await service.put("2026-04-30", 4)).json()["received_at"]
    await service.put("2026-04-30", 8)
    path = f"/v1/patients/{service.ada_id}/diary"
    then = await service("ada", "GET", path, params={"as_known_on": first})
    assert then.json()["items"][0]["pain"][0]["average"] == 4
    now = await service("ada", "GET", path)
    assert now.json()["items"][0]["pain"][0]["average"] == 8


async def test_opioids_are_counted_and_unknown_is_not_zero(service: Service) -> None:
    tramadol = {"code": "10689", "dose": 50, "unit": "mg", "times": 2}
    cases = [
        ([tramadol], 20.0),
        ([], 0.0),
        (None, None),
        ([{"code": "1819", "dose": 8, "unit": "mg", "times": 1}], None),
        ([{"name": "a tea"}], None),
        ([{"code": "5640", "dose": 400, "unit": "mg", "times": 1}], 0.0),
    ]
    for medications, expected in cases:
        answer = await service.put("2026-04-30", 4, medications=medications)
        assert answer.json()["opioid_mme"] == expected, medications


async def test_a_red_flag_is_told_in_the_same_answer(service: Service) -> None:
    answer = await service.put("2026-04-30", 4, side_effects=[{"kind": "bladder_or_bowel_change", "severity": 1}])
    assert "emergency" in answer.json()["advice"]
    calm = await service.put("2026-04-29", 4, side_effects=[{"kind": "numbness", "severity": 1}])
    assert calm.json()["advice"] is None
    batch = [{"date": "2026-04-28", "side_effects": [{"kind": "fever"}]}]
    items = (await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": batch})).json()[
        "items"
    ]
    assert "fever" in items[0]["advice"].lower()


async def test_a_range_pages_and_comes_as_a_sheet(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary"
    await service("ada", "POST", path, json={"entries": course("2026-03-01", [3, 4, None, 5, 6])})
    page = (await service("ada", "GET", path, params={"from": "2026-03-02", "limit": 2})).json()
    assert [i["date"] for i in page["items"]] == ["2026-03-02", "2026-03-04"]
    rest = (await service("ada", "GET", path, params={"from": "2026-03-02", "limit": 2, "cursor": page["next"]})).json()
    assert [i["date"] for i in rest["items"]] == ["2026-03-05"]
    assert rest["next"] is None
    sheet = await service("ada", "GET", path, headers={"Accept": "text/csv"})
    assert sheet.headers["content-type"].startswith("text/csv")
    assert sheet.text.splitlines()[1].startswith("2026-03-01,lumbar,left,3,")


async def test_a_batch_with_a_key_is_done_once(service: Service) -> None:
    path, key = f"/v1/patients/{service.ada_id}/diary", {"Idempotency-Key": "sync-1"}
    batch = {"entries": [{"date": "2026-04-30", **entry(4)}, {"date": "2026-05-09", **entry(4)}]}
    first = await service("ada", "POST", path, json=batch, headers=key)
    await service.put("2026-04-30", 6)
    again = await service("ada", "POST", path, json=batch, headers=key)
    assert (first.status_code, first.text) == (again.status_code, again.text)
    assert [i["status"] for i in again.json()["items"]] == ["created", "rejected"]
    assert (await service("ada", "GET", f"{path}/2026-04-30")).json()["pain"][0]["average"] == 6
    other = await service("ada", "POST", path, json={"entries": batch["entries"][:1]}, headers=key)
    assert other.status_code == 422


async def test_a_day_reads_as_its_range_does(service: Service) -> None:
    await service.put("2026-04-01", 4, note="לילה")
    path = f"/v1/patients/{service.ada_id}/diary"
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"time_zone": "Asia/Tokyo"})
    one = await service("ada", "GET", f"{path}/2026-04-01")
    assert (await service("ada", "GET", path)).json()["items"] == [one.json()]
