import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.access.audit.service import event
from app.answers.verdicts.schemas import VerdictOut
from app.answers.verdicts.trace_lines import trace_line
from tests.conftest import Clock
from tests.relief.support import course as scores_of
from tests.support import Service, course, entry

pytestmark = pytest.mark.anyio
PERFORMED = date(2025, 7, 10)


async def fill(service: Service, scores: dict[int, float], side: str = "left") -> None:
    entries = [
        {"date": (PERFORMED + timedelta(days=d)).isoformat(), **entry(s, side)} for d, s in sorted(scores.items())
    ]
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    assert {i["status"] for i in answer.json()["items"]} == {"created"}


async def test_a_verdict_is_whole_and_fits_its_schema(service: Service) -> None:
    procedure = await service.new_procedure()
    await fill(service, scores_of(7, 2, 200, 7, 290))
    answer = await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")
    v = VerdictOut.model_validate_json(answer.content)
    assert (v.phase, v.censored, v.as_of, v.definition) == ("returned", False, date(2026, 5, 1), "half")
    assert v.baseline.source == "diary"
    assert len({len(column) for column in vars(v.days).values()}) == 1
    assert v.days.date[0] == PERFORMED + timedelta(days=1)


async def test_the_etag_holds_until_the_diary_changes(service: Service) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    path = f"/v1/procedures/{procedure}/relief"
    first = await service("cleo", "GET", path)
    tag = first.headers["etag"]
    again = await service("cleo", "GET", path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == "private, no-cache"
    assert (await service("cleo", "GET", path)).content == first.content
    await service.put("2026-04-30", 4)
    changed = await service("cleo", "GET", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["adherence"]["logged"] == 1
    unchanged = changed.headers["etag"]
    await service.put("2026-04-30", 4)
    assert (await service("cleo", "GET", path)).headers["etag"] == unchanged
    await service("cleo", "PATCH", f"/v1/procedures/{procedure}", json={"baseline_pain": 6})
    assert (await service("cleo", "GET", path)).json()["baseline"]["pain"] == 6


async def test_another_day_is_another_verdict(service: Service, clock: Clock) -> None:
    path = f"/v1/procedures/{await service.new_procedure(baseline_pain=7)}/relief"
    first = await service("cleo", "GET", path)
    clock.now += timedelta(days=1)
    await service.app.state.sign_ins.issue(service.clinic_id, (await whoami(service)), clock())
    service.tokens["cleo"] = (
        await service.app.state.sign_ins.issue(service.clinic_id, await whoami(service), clock())
    ).token
    second = await service("cleo", "GET", path)
    assert second.headers["etag"] != first.headers["etag"]
    assert second.json()["as_of"] == "2026-05-02"


async def whoami(service: Service) -> object:
    from app.access.accounts.service import account

    async with service.app.state.database.read() as connection:
        return (await connection.execute(select(account.c.id).where(account.c.username == "cleo"))).scalar_one()


async def test_a_verdict_as_of_an_earlier_day_and_as_known_on_an_instant(service: Service, clock: Clock) -> None:
    path = f"/v1/procedures/{await service.new_procedure()}/relief"
    await fill(service, scores_of(7, 2, 200, 7, 280))
    before = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    clock.now = before + timedelta(minutes=1)
    earlier = await service("cleo", "GET", path, params={"as_of": "2025-12-01"})
    assert earlier.json()["phase"] == "relief"
    assert earlier.json()["days"]["date"][-1] == "2025-12-01"
    known = {"as_known_on": before.isoformat()}
    then = await service("cleo", "GET", path, params=known)
    await service.put("2026-04-30", 0)
    assert (await service("cleo", "GET", path, params=known)).content == then.content
    now = (await service("cleo", "GET", path)).json()
    assert now["days"]["average"] != then.json()["days"]["average"]
    nothing = await service("cleo", "GET", path, params={"as_known_on": "2020-01-01T00:00:00Z"})
    assert nothing.json()["adherence"]["logged"] == 0


async def test_a_day_in_the_future_and_an_unknown_definition_are_refused(service: Service) -> None:
    path = f"/v1/procedures/{await service.new_procedure()}/relief"
    for params in (
        {"as_of": "2026-05-02"},
        {"definition": "third"},
        {"as_known_on": "2026-05-01T10:00:00"},
        {"as_of": "x"},
    ):
        assert (await service("cleo", "GET", path, params=params)).status_code == 422, params


async def test_a_repeat_ends_the_watch_and_a_staged_other_side_does_not(service: Service) -> None:
    first = await service.new_procedure(baseline_pain=7)
    await service.new_procedure(laterality="right", performed_on="2025-09-01")
    path = f"/v1/procedures/{first}/relief"
    assert (await service("cleo", "GET", path)).json()["days"]["date"][-1] == "2026-05-01"
    await service.new_procedure(performed_on="2026-02-01")
    assert (await service("cleo", "GET", path)).json()["days"]["date"][-1] == "2026-01-31"


async def test_side_effects_are_gathered(service: Service) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    numb = [{"kind": "numbness", "severity": 1}]
    for on, effects in (("2025-07-12", numb), ("2025-07-20", numb), ("2025-08-10", [])):
        await service.put(on, 3, side_effects=effects)
    found = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()["side_effects"]
    assert found == [
        {
            "kind": "numbness",
            "first_on": "2025-07-12",
            "last_on": "2025-07-20",
            "days": 9,
            "resolved": True,
            "most_severe": 1,
            "expected": True,
            "lasting": False,
        }
    ]


async def test_the_server_and_trace_give_the_same_answer_for_the_same_diary(service: Service) -> None:
    procedure = await service.new_procedure(laterality="bilateral", baseline_pain=6.5)
    scores = scores_of(7, 2, 150, 6, 290, seed=3)
    await fill(service, scores, side="both")
    line = {
        "id": "p",
        "procedure": {"performed_on": PERFORMED.isoformat(), "region": "lumbar", "laterality": "bilateral"},
        "baseline_pain": 6.5,
        "entries": [
            {"date": (PERFORMED + timedelta(days=d)).isoformat(), "pain_average": s} for d, s in scores.items()
        ],
    }
    traced = json.loads(trace_line(json.dumps(line).encode(), 1)[0])
    last = traced["days"][-1]["date"]
    served = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief", params={"as_of": last})).json()
    days = served["days"]
    assert [d["phase"] for d in traced["days"]] == days["phase"]
    assert [d["relief_percent"] for d in traced["days"]] == days["relief_percent"]
    assert [d["return_probability"] for d in traced["days"]] == days["return_probability"]
    v = traced["verdict"]
    assert (v["returned_on"], v["returned_on_low"], v["returned_on_high"]) == tuple(
        served["return"][k] for k in ("on", "low", "high")
    )
    assert (v["onset_on"], v["relief_days"], v["censored"]) == tuple(
        served[k] for k in ("onset_on", "relief_days", "censored")
    )


async def test_a_diary_lived_through_day_by_day_gets_the_answers_of_trace(service: Service, clock: Clock) -> None:
    """Late writings included: each evening's verdict equals the day of the trace."""
    procedure = await service.new_procedure(performed_on="2026-03-01", laterality="bilateral", baseline_pain=7)
    start = date(2026, 3, 1)
    known = {5: 5, 6: 6, 8: 8, 9: 12, 12: 12, 14: 14, 15: 20, 16: 16, 18: 18, 20: 20, 21: 21, 22: 22, 24: 24}
    entries = [
        {
            "date": (start + timedelta(days=d)).isoformat(),
            "recorded_on": (start + timedelta(days=k)).isoformat(),
            "pain_average": 2.0 + d % 3,
        }
        for d, k in known.items()
    ]
    line = {
        "id": 1,
        "procedure": {"performed_on": "2026-03-01", "region": "lumbar", "laterality": "bilateral"},
        "baseline_pain": 7,
        "entries": entries,
    }
    traced = {d["date"]: d for d in json.loads(trace_line(json.dumps(line).encode(), 1)[0])["days"]}
    for n in range(1, 25):
        today = start + timedelta(days=n)
        at = datetime(today.year, today.month, today.day, 20, tzinfo=UTC)
        for d, k in known.items():
            if k == n:
                on = (start + timedelta(days=d)).isoformat()
                body = entry(2.0 + d % 3, "both", recorded_at=at.isoformat())
                clock.now = max(clock.now, at)
                assert (
                    await service("ada", "PUT", f"/v1/patients/{service.ada_id}/diary/{on}", json=body)
                ).status_code < 300
        params = {"as_of": today.isoformat()}
        v = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief", params=params)).json()
        assert (v["phase"], v["current"]["relief_percent"], v["return"]["probability"]) == (
            traced[today.isoformat()]["phase"],
            traced[today.isoformat()]["relief_percent"],
            traced[today.isoformat()]["return_probability"],
        ), today


async def test_each_read_and_write_leaves_an_audit_event(service: Service) -> None:
    procedure = await service.new_procedure()
    await service.put("2026-04-30", 4)
    for _ in range(2):
        await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")
    await service("other", "GET", f"/v1/procedures/{procedure}/relief")
    async with service.app.state.database.read() as connection:
        rows = (await connection.execute(select(event).order_by(event.c.at, event.c.id))).all()
    told = [(r.action, r.resource) for r in rows if str(r.patient_id) == service.ada_id]
    told = [one for one in told if one[1] != "sign_in"]
    assert told == [
        ("create", "patient"),
        ("create", "procedure"),
        ("change", "diary"),
        ("read", "verdict"),
        ("read", "verdict"),
    ]


async def test_a_long_history_fits(service: Service) -> None:
    procedure = await service.new_procedure(performed_on="2020-01-01", baseline_pain=7)
    path = f"/v1/patients/{service.ada_id}/diary"
    for first in ("2020-01-02", "2022-09-01"):
        batch = {"entries": course(first, [2.0] * 900)}
        assert (await service("ada", "POST", path, json=batch)).status_code == 200
    v = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()
    assert v["adherence"]["logged"] == 1800
    assert len(v["days"]["date"]) == (date(2026, 5, 1) - date(2020, 1, 1)).days
