"""Cohorts over HTTP: filters, groups, both ways of counting, small groups."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from lifelines import KaplanMeierFitter
from pydantic import BaseModel

from app.answers.cohorts import service as cohorts
from app.answers.cohorts.schemas import CohortOut, CohortRowOut
from app.answers.verdicts.sweep import sweep
from tests.support import Service, entry

pytestmark = pytest.mark.anyio


async def treat(service: Service, n: int, held: int | None, failed: bool = False, **fields: Any) -> str:
    """A patient of her own: relief for `held` days, or for good; or none."""
    new = {"name": f"P{n}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
    person = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    start = date(2025, 5, 1)
    body = {"performed_on": start.isoformat(), "region": "lumbar", "laterality": "left", "baseline_pain": 7, **fields}
    made = await service("cleo", "POST", f"/v1/patients/{person}/procedures", json=body)
    assert made.status_code == 201, made.text
    region, entries = body["region"], []
    for day in range(-10, 340, 2):
        relief = day > 12 and not failed and (held is None or day < held)
        score = {"region": region, "side": body["laterality"], "average": 1.5 if relief else 7}
        on = start + timedelta(days=day)
        entries.append({"date": on.isoformat(), **entry(), "pain": [score], "recorded_at": f"{on}T20:00:00+02:00"})
    done = await service("cleo", "POST", f"/v1/patients/{person}/diary", json={"entries": entries})
    assert {i["status"] for i in done.json()["items"]} == {"created"}
    return str(made.json()["id"])


@pytest.fixture
async def clinic(service: Service) -> Service:
    cooled = {"technique": "cooled"}
    plan: list[tuple[int, int | None, dict[str, Any]]] = [
        (0, 120, {}),
        (1, 160, {}),
        (2, 200, cooled),
        (3, 240, {}),
        (4, None, {}),
        (5, None, cooled),
        (6, 280, {}),
    ]
    for n, held, fields in plan:
        await treat(service, n, held, **fields)
    await treat(service, 7, None, failed=True)
    await treat(service, 8, 180, region="cervical")
    return service


async def ask(service: Service, query: str = "", **headers: str) -> Any:
    answer = await service("cleo", "GET", f"/v1/cohorts/relief?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_curve_is_the_one_of_its_own_rows(clinic: Service) -> None:
    (group,) = (await ask(clinic, "region=lumbar"))["groups"]
    rows = (await clinic("cleo", "GET", "/v1/cohorts/procedures?region=lumbar")).json()["items"]
    kept = [r for r in rows if r["relief_days"] is not None]
    fitted = KaplanMeierFitter().fit([r["relief_days"] for r in kept], [not r["censored"] for r in kept])
    assert (group["n"], group["events"], group["without_relief"]) == (7, 5, 1)
    assert group["survival"] == pytest.approx(fitted.survival_function_.iloc[:, 0].tolist(), abs=1e-9)
    assert group["median_days"] == fitted.median_survival_time_
    assert 195 <= group["median_days"] <= 245
    assert group["without_relief_share"] == pytest.approx(1 / 8)


async def test_failures_count_beside_or_inside(clinic: Service) -> None:
    (beside,) = (await ask(clinic, "region=lumbar"))["groups"]
    (inside,) = (await ask(clinic, "region=lumbar&failures=inside"))["groups"]
    assert (inside["n"], inside["events"]) == (8, 6)
    assert inside["survival"][0] == pytest.approx(7 / 8)
    assert inside["median_days"] == beside["median_days_inside"] == pytest.approx(199, abs=3)
    assert beside["median_days"] == beside["median_days_beside"] == pytest.approx(239, abs=3)


async def test_groups_and_filters_agree(clinic: Service) -> None:
    found = await ask(clinic, "group_by=technique&region=lumbar")
    by_name = {g["group"]: g["n"] for g in found["groups"]}
    assert by_name == {"cooled": 2, None: 5}
    assert found["log_rank"]["degrees_of_freedom"] == 1
    empty = (
        "age_from=66",
        "repeat=true",
        "performed_to=2025-04-30",
        "operator=nobody",
        "temperature_from=80",
        "nerve=L4",
        "joint=L4-5",
    )
    for query, n in (("technique=cooled", 2), ("region=cervical", 1), *((query, 0) for query in empty)):
        assert sum(g["n"] for g in (await ask(clinic, query))["groups"]) == n, query


async def all_agree(service: Service) -> None:
    """Each patient of the clinic has said yes to research."""
    for one in (await service("cleo", "GET", "/v1/patients?limit=200")).json()["items"]:
        said = {"kind": "research", "version": 1, "given": True}
        assert (await service("cleo", "POST", f"/v1/patients/{one['id']}/consents", json=said)).status_code == 201


async def test_a_small_group_stays_in_the_clinic(clinic: Service) -> None:
    await all_agree(clinic)
    (small,) = (await ask(clinic, "region=cervical&outside=true"))["groups"]
    assert small["hidden"]
    assert (small["n"], small["days"], small["median_days"]) == (1, [], None)
    sheet = await clinic("cleo", "GET", "/v1/cohorts/relief?group_by=region", headers={"Accept": "text/csv"})
    assert sheet.text.splitlines()[0] == "group,day,survival,low,high,at_risk"
    assert {line.split(",")[0] for line in sheet.text.splitlines()[1:]} == {"lumbar"}


async def test_a_repeat_ends_the_watch_and_competes(clinic: Service) -> None:
    (before,) = (await ask(clinic, "region=cervical"))["groups"]
    person = (await clinic("cleo", "GET", "/v1/cohorts/procedures?region=cervical")).json()["items"][0]
    procedure = (await clinic("cleo", "GET", f"/v1/procedures/{person['procedure_id']}")).json()
    again = {"performed_on": "2025-08-20", "region": "cervical", "laterality": "left"}
    await clinic("cleo", "POST", f"/v1/patients/{procedure['patient_id']}/procedures", json=again)
    (after,) = (await ask(clinic, "region=cervical&repeat=false"))["groups"]
    assert (before["events"], after["events"]) == (1, 0)
    assert after["competing"]["repeat"] == [1.0]


async def test_another_clinic_counts_nothing(clinic: Service) -> None:
    answer = await clinic("other", "GET", "/v1/cohorts/relief")
    assert answer.json()["groups"] == []


async def test_what_is_no_filter_is_refused(clinic: Service) -> None:
    answer = await clinic("cleo", "GET", "/v1/cohorts/relief?regoin=lumbar")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == ""


async def test_a_sweep_makes_what_is_stale_once(clinic: Service) -> None:
    state = clinic.app.state
    done = [swept.done async for swept in sweep(state.database, state.clock)]
    assert done == [9]
    assert [swept.done async for swept in sweep(state.database, state.clock)] == []
    await clinic.new_procedure()
    assert [swept.done async for swept in sweep(state.database, state.clock)] == [1]


async def test_a_cohort_waits_some_seconds_for_stale_verdicts_and_says_how_many_are_left(
    clinic: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohorts, "SECONDS", 0.0)
    monkeypatch.setattr(cohorts, "AT_ONCE", 2)
    left = [(await clinic("cleo", "GET", "/v1/cohorts/relief")).json()["stale"]]
    while left[-1] and len(left) < 1_000:
        left.append((await clinic("cleo", "GET", "/v1/cohorts/relief")).json()["stale"])
    assert left[0] == 9, "nobody waits for what takes longer"
    assert set(left) == {9, 7, 5, 3, 1, 0}, "and what is begun goes on, two at a time"


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
async def test_a_cohort_is_counted_and_written_off_the_loop(
    service: Service, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    """Two hundred groups make megabytes: while they are written, the loop answers others."""
    await treat(service, 0, 120)
    await all_agree(service)
    seen: dict[str, set[bool]] = {}
    on_loop = threading.current_thread()

    def watch(model: type[BaseModel], name: str) -> None:
        held = getattr(model, name)

        def watched(*args: Any, **kwargs: Any) -> Any:  # whatever the method takes
            seen.setdefault(f"{model.__name__}.{name}", set()).add(threading.current_thread() is on_loop)
            return held(*args, **kwargs)

        monkeypatch.setattr(model, name, watched)

    for model in (CohortOut, CohortRowOut):
        for name in ("model_validate", "model_dump", "model_dump_json"):
            watch(model, name)

    def watched_line(_cells: object) -> str:
        seen.setdefault("line", set()).add(threading.current_thread() is on_loop)
        return ""

    monkeypatch.setattr("app.answers.cohorts.routes.line", watched_line)
    for path in ("relief?group_by=region", "procedures"):
        answer = await service("cleo", "GET", f"/v1/cohorts/{path}", headers={"Accept": accept})
        assert answer.status_code == 200
    assert "CohortRowOut.model_validate" in seen
    assert ("line" if accept == "text/csv" else "CohortOut.model_dump_json") in seen
    assert {where for places in seen.values() for where in places} == {False}, seen
