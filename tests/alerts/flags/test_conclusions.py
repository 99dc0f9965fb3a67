"""Flags that come with a verdict: raised once, lapsed, raised anew, acknowledged, escalated, replayed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.base.store.leases import CONCLUSIONS, take
from app.work.worker import run, work_once
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.support import Service, course, entry

pytestmark = pytest.mark.anyio
BEFORE, RELIEF = [7.0] * 14, [7.0] * 8 + [1.5] * 180


async def log(service: Service, first: str, scores: list[float]) -> None:
    entries = course(first, scores)
    for one in entries:
        one["recorded_at"] = f"{one['date']}T20:00:00+02:00"
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    assert {i["status"] for i in answer.json()["items"]} <= {"created", "changed"}, answer.text


async def work(service: Service) -> int:
    return await work_once(service.app.state.database, service.app.state.clock)


async def flags(service: Service, query: str = "", who: str = "cleo") -> list[dict[str, Any]]:
    return list((await service(who, "GET", f"/v1/flags?{query}")).json()["items"])


async def returned(service: Service) -> str:
    """A procedure whose relief has ended, with the worker's round done."""
    procedure = await service.new_procedure(joints=["L4-5"])
    await log(service, "2025-06-26", [*BEFORE, *RELIEF, *[6.5] * 90])
    await work(service)
    return procedure


async def test_a_return_is_flagged_once(service: Service) -> None:
    procedure = await returned(service)
    assert await work(service) == 0
    await service.put("2026-04-20", 6)
    await work(service)
    (found,) = await flags(service, "kind=pain_return")
    assert (found["state"], found["severity"], found["procedure_id"]) == ("open", "soon", procedure)
    assert found["says"].startswith("pain returned after")
    assert f"procedures/{procedure}/relief" in found["evidence"]
    assert any(e.startswith("diary/") for e in found["evidence"])


async def test_a_procedure_that_is_deleted_takes_its_flags_along(service: Service) -> None:
    procedure = await returned(service)
    red = await service.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 2}])
    assert red.status_code in (200, 201)
    reason = {"reason": "another patient's"}
    assert (await service("cleo", "DELETE", f"/v1/procedures/{procedure}", params=reason)).status_code == 204
    found = [*await flags(service), *await flags(service, "state=lapsed")]
    states = {one["kind"]: (one["state"], one["steps"][-1]["note"]) for one in found}
    assert states["pain_return"] == ("lapsed", "the procedure was deleted")
    assert states["red_flag"][0] == "open", "it is of the entry, not of the procedure"
    await work(service)
    assert (await service("cleo", "GET", "/v1/reviews")).json()["items"] == [], "it goes with the procedure"
    await enter(service)
    assert (await service("nobody", "GET", "/clinic/flags?show=over")).status_code == 200


async def test_it_does_not_matter_who_asks_first(service: Service) -> None:
    procedure = await service.new_procedure()
    await log(service, "2025-06-26", [*BEFORE, *RELIEF, *[6.5] * 90])
    await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")
    assert [f["kind"] for f in await flags(service)] == ["pain_return"]


async def test_silence_lapses_and_comes_back_as_a_new_flag(service: Service, clock: Clock) -> None:
    clock.now = datetime(2025, 10, 1, 12, tzinfo=UTC)
    await service.new_procedure()
    await log(service, "2025-06-26", [*BEFORE, *RELIEF[:60]])
    await work(service)
    (first,) = [f for f in await flags(service) if f["kind"] == "silent_diary"]
    await service.put("2025-10-01", 2)
    await work(service)
    (lapsed,) = await flags(service, "state=lapsed")
    assert lapsed["id"] == first["id"]
    assert lapsed["steps"][-1]["note"] == "the diary is kept again, or the watch has ended"
    clock.now += timedelta(days=20)
    await service.sign_in_again()
    await work(service)
    (again,) = [f for f in await flags(service) if f["kind"] == "silent_diary"]
    assert (again["follows"], again["id"] != first["id"]) == (first["id"], True)


async def test_no_flag_lapses_because_nobody_writes_any_more(service: Service, clock: Clock) -> None:
    """Silence says of nothing that it is over; an entry can."""
    clock.now = datetime(2025, 10, 1, 12, tzinfo=UTC)
    await service.new_procedure()
    days = course("2025-06-26", [*[4.0] * 14, *[8.0] * 83])
    for number, one in enumerate(days):
        one["recorded_at"] = f"{one['date']}T20:00:00+02:00"
        one["medications"] = [{"code": "10689", "dose": 50, "unit": "mg", "times": 1 if number < 14 else 6}]
        one["interference"] = 2 if number < 80 else 8
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": days})
    assert answer.status_code == 200
    await work(service)
    raised = {one["kind"]: one["id"] for one in await flags(service) if one["kind"] != "missed_follow_up"}
    assert set(raised) == {"no_relief", "worse_than_before", "rising_opioids", "falling_function"}
    for silent in (3, 7, 6, 25, 25, 300):
        clock.now += timedelta(days=silent)
        await service.sign_in_again()
        await work(service)
        assert {one["kind"] for one in await flags(service, "state=lapsed")} <= {"missed_follow_up"}
        assert raised.items() <= {one["kind"]: one["id"] for one in await flags(service)}.items(), silent
    today = clock.now.date()
    for one in days[-20:]:
        one["date"] = (date.fromisoformat(one["date"]) - date(2025, 9, 30) + today).isoformat()
        one |= {"recorded_at": f"{one['date']}T06:00:00+02:00", "interference": 1, "medications": []}
        one["pain"][0]["average"] = 4.0
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": days[-20:]})
    assert answer.status_code == 200
    await work(service)
    lapsed = {one["kind"] for one in await flags(service, "state=lapsed")}
    assert lapsed >= {"worse_than_before", "rising_opioids", "falling_function"}


async def test_a_flag_of_somebody_silent_lapses_where_its_cause_is_taken_away(service: Service, clock: Clock) -> None:
    """Without the pain before, or the scores, nothing returned: that is a correction, and no silence."""
    procedure = await service.new_procedure(joints=["L4-5"], baseline_pain=7)
    await log(service, "2025-07-11", [*RELIEF, *[6.5] * 60])
    await work(service)
    clock.now += timedelta(days=100)
    await service.sign_in_again()
    await work(service)
    assert {one["kind"] for one in await flags(service)} >= {"pain_return"}
    where = f"/v1/procedures/{procedure}"
    tag = (await service("cleo", "GET", where)).headers["etag"]
    changed = await service("cleo", "PATCH", where, json={"baseline_pain": None}, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    await work(service)
    assert "pain_return" not in {one["kind"] for one in await flags(service)}


async def test_a_flag_that_a_patient_has_once_goes_over_to_another_treatment(service: Service, clock: Clock) -> None:
    """Two treatments fell silent, the flag is of one; as that is closed the other's is raised, though its day is far off."""
    clock.now = datetime(2025, 12, 5, 12, tzinfo=UTC)
    first = await service.new_procedure(performed_on="2024-09-01", region="lumbar")
    other = await service.new_procedure(performed_on="2024-09-10", region="cervical")
    for on, region in (("2025-10-30", "cervical"), ("2025-12-01", "lumbar")):
        answer = await service.put(on, pain=[{"region": region, "side": "both", "average": 2}])
        assert answer.status_code == 201, answer.text
    for on in ("2025-12-05", "2026-04-01"):
        clock.now = datetime.fromisoformat(f"{on}T12:00:00+00:00")
        await service.sign_in_again()
        await work(service)
        (silent,) = [one for one in await flags(service) if one["kind"] == "silent_diary"]
        assert silent["procedure_id"] == other
    event = {"kind": "surgery", "happened_on": "2026-03-31", "region": "cervical"}
    assert (await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)).status_code == 201
    while await work(service):
        clock.now += timedelta(seconds=3)
    (raised,) = [one for one in await flags(service) if one["kind"] == "silent_diary"]
    assert raised["procedure_id"] == first


async def test_it_is_acknowledged_and_resolved(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    where = f"/v1/flags/{found['id']}"
    tag = (await service("sam", "GET", where)).headers["etag"]
    taken = await service("sam", "POST", f"{where}/acknowledge", json={"note": "called her"}, headers={"If-Match": tag})
    assert taken.json()["state"] == "acknowledged"
    assert taken.json()["steps"][-1]["note"] == "called her"
    late = await service("cleo", "POST", f"{where}/acknowledge", headers={"If-Match": tag})
    assert late.status_code == 412
    done = await service("cleo", "POST", f"{where}/resolve", json={"note": "review opened"})
    assert (done.json()["state"], await flags(service)) == ("resolved", [])
    assert (await service("sam", "POST", f"{where}/acknowledge")).status_code == 409
    await service.put("2026-04-21", 6)
    await work(service)
    assert await flags(service, "kind=pain_return") == []  # the same cause raises no second


async def test_nobodys_flag_escalates_once(service: Service, clock: Clock) -> None:
    await returned(service)
    clock.now += timedelta(days=3)
    await service.sign_in_again()
    await work(service)
    (found,) = await flags(service, "kind=pain_return")
    assert found["escalated_at"] is not None
    assert [s["what"] for s in found["steps"]] == ["raised", "escalated"]
    await work(service)
    assert [s["what"] for s in (await flags(service, "kind=pain_return"))[0]["steps"]] == ["raised", "escalated"]


@pytest.mark.unmeasured
async def test_a_replay_gives_the_same_flags(service: Service, clock: Clock) -> None:
    """The diary day by day, a round a week, twice over: the same flags on the same days."""
    seen = []
    for name in ("first", "second"):
        clock.now = datetime(2025, 6, 20, 19, 30, tzinfo=UTC)
        new = {"name": name, "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        await service.add(name, service.clinic_id, "patient", service.ada_id)
        scores = dict(
            zip(
                (date(2025, 6, 26) + timedelta(days=i) for i in range(292)),
                [*BEFORE, *RELIEF, *[6.0] * 90],
                strict=True,
            )
        )
        for week in range(42):
            clock.now = datetime(2025, 6, 20, 19, 30, tzinfo=UTC) + timedelta(days=7 * (week + 1))
            await service.sign_in_again()
            if week == 3:
                await service.new_procedure()
            days = [d for d in scores if d <= clock.now.date() and not 20 <= week < 24]
            entries = [{"date": str(on), **entry(scores.pop(on))} for on in days]
            if entries:
                await service(name, "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
            await work(service)
        mine = await flags(service, f"patient_id={service.ada_id}&limit=200")
        mine += await flags(service, f"patient_id={service.ada_id}&state=lapsed&limit=200")
        seen.append(sorted((f["kind"], f["first_on"], f["raised_at"][:10], f["state"]) for f in mine))
    assert seen[0] == seen[1]
    assert {"pain_return", "silent_diary", "missed_follow_up"} <= {kind for kind, *_ in seen[0]}
    assert len({(kind, first) for kind, first, *_ in seen[0]}) == len(seen[0])


async def test_one_of_many_workers_works(service: Service, clock: Clock) -> None:
    database = service.app.state.database
    assert await take(database, CONCLUSIONS, holder="one", now=clock())
    assert not await take(database, CONCLUSIONS, holder="two", now=clock())
    assert await take(database, CONCLUSIONS, holder="one", now=clock())
    assert await take(database, CONCLUSIONS, holder="two", now=clock() + timedelta(minutes=2))


async def test_the_worker_outlives_a_failing_round() -> None:
    rounds, enough = 0, asyncio.Event()

    async def failing() -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise OSError("the database is away")
        if rounds == 3:
            enough.set()
        return 0

    task = asyncio.create_task(run(failing, 0.001))
    await asyncio.wait_for(enough.wait(), 20)
    task.cancel()
