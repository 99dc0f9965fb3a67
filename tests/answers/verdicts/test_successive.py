from datetime import date, timedelta

import pytest

from tests.relief.support import course as scores_of
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
FIRST, REPEAT = date(2024, 6, 1), date(2025, 7, 10)


async def log(service: Service, performed_on: date, scores: dict[int, float], side: str) -> None:
    entries = [
        {"date": (performed_on + timedelta(days=d)).isoformat(), **entry(s, side)} for d, s in sorted(scores.items())
    ]
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})


async def test_a_repeat_stands_beside_the_first_and_a_staged_pair_is_one_treatment(service: Service) -> None:
    first = await service.new_procedure(performed_on=FIRST.isoformat())
    await log(service, FIRST, scores_of(7, 2, 250, 7, 395), "left")
    repeat = await service.new_procedure(performed_on=REPEAT.isoformat(), baseline_pain=7)
    await log(service, REPEAT, {d: s for d, s in scores_of(7, 2, 120, 7, 280).items() if d > 0}, "left")
    other = await service.new_procedure(performed_on="2024-08-01", laterality="right", baseline_pain=6)
    of = f"/v1/patients/{service.ada_id}"
    for on, items in (("2024-05-30", [8, 8, 8]), ("2024-10-01", [3, 3, 3])):
        await service("ada", "POST", f"{of}/assessments", json={"kind": "peg", "answered_on": on, "items": items})
    shown = (await service("cleo", "GET", f"{of}/relief")).json()
    sites = {s["laterality"]: s["episodes"] for s in shown["sites"]}
    one, two = sites["left"]
    assert [one["procedure_id"], two["procedure_id"]] == [first, repeat]
    assert (two["repeat_of"], two["staged_with"]) == (first, None)
    assert abs(one["relief_days"] - 255) <= 14 and abs(two["relief_days"] - 125) <= 14
    assert (one["censored"], two["censored"], two["as_long_as_first"]) == (False, False, False)
    assert 60 <= one["relief_percent"] <= 85
    assert one["function"] == [{"kind": "peg", "before": 8.0, "after": 3.0, "meaningful": True}]
    assert sites["right"][0]["staged_with"] == first
    assert {tuple(t["procedure_ids"]): t["staged"] for t in shown["treatments"]} == {
        (first, other): True,
        (repeat,): False,
    }


async def test_medication_by_kind_says_what_changed(service: Service) -> None:
    await service.new_procedure(baseline_pain=7, performed_on="2026-01-10")
    tramadol = {"code": "10689", "dose": 50, "unit": "mg", "times": 2}
    for day in range(1, 9):
        before = [tramadol, {"name": "gabapentin", "times": 3}]
        await service.put(f"2026-01-0{day}", 7, medications=before)
        await service.put(f"2026-04-2{day}", 2, medications=[{"code": "5640", "dose": 400, "unit": "mg", "times": 1}])
    shown = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/relief")).json()
    assert shown["sites"][0]["episodes"][0]["medication"] == {
        "gabapentinoid": "stopped",
        "nsaid": "started",
        "opioid": "stopped",
    }


async def test_surgery_ends_the_watch_and_other_events_are_named(service: Service) -> None:
    procedure = await service.new_procedure(performed_on=REPEAT.isoformat())
    await log(service, REPEAT, scores_of(7, 2, None, 7, 280), "left")
    path = f"/v1/procedures/{procedure}/relief"
    of = f"/v1/patients/{service.ada_id}/events"
    await service("cleo", "POST", of, json={"kind": "pregnancy", "happened_on": "2026-02-01"})
    await service("cleo", "POST", of, json={"kind": "surgery", "happened_on": "2026-03-01", "region": "cervical"})
    whole = (await service("cleo", "GET", path)).json()
    says = {c["kind"]: c["says"] for c in whole["confounders"]}
    assert "may have changed" in says["surgery"] and "pregnancy" in says["pregnancy"]
    await service("cleo", "POST", of, json={"kind": "surgery", "happened_on": "2026-03-05", "region": "lumbar"})
    ended = (await service("cleo", "GET", path)).json()
    assert ended["days"]["date"][-1] == "2026-03-04"
    assert ended["censored"] is True and ended["forecast"] is None
    assert any("ended the watch" in c["says"] for c in ended["confounders"])


async def test_nobody_yet_treated_has_an_empty_answer(service: Service) -> None:
    shown = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/relief")).json()
    assert (shown["sites"], shown["treatments"]) == ([], [])
