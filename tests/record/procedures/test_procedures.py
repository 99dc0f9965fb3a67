import asyncio
from typing import Any

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio
NEW = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}


async def test_a_procedure_is_created_read_changed_and_listed(service: Service) -> None:
    full = {
        **NEW,
        "baseline_pain": 7,
        "joints": ["L4-5", "L5-S1"],
        "technique": "thermal",
        "guidance": "fluoroscopy",
        "sedation": "none",
        "operator": "Dr. Muster",
    }
    made = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/procedures", json=full)
    assert made.status_code == 201
    assert {k: made.json()[k] for k in full} == full
    path = made.headers["location"]
    tag = (await service("cleo", "GET", path)).headers["etag"]
    assert (await service("cleo", "GET", path, headers={"If-None-Match": tag})).status_code == 304
    changed = await service("cleo", "PATCH", path, json={"baseline_pain": None}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["baseline_pain"]) == (200, None)
    assert (
        await service("cleo", "PATCH", path, json={"region": "cervical"}, headers={"If-Match": tag})
    ).status_code == 412
    listed = (await service("ada", "GET", f"/v1/patients/{service.ada_id}/procedures")).json()["items"]
    assert [p["id"] for p in listed] == [made.json()["id"]]


async def test_of_two_changes_at_once_with_the_same_etag_one_wins(service: Service) -> None:
    path = f"/v1/procedures/{await service.new_procedure()}"
    tag = (await service("cleo", "GET", path)).headers["etag"]
    answers = await asyncio.gather(
        *(service("cleo", "PATCH", path, json={"baseline_pain": p}, headers={"If-Match": tag}) for p in range(1, 9))
    )
    assert sorted(a.status_code for a in answers) == [200] + [412] * 7
    won = next(a for a in answers if a.status_code == 200).json()["baseline_pain"]
    assert (await service("cleo", "GET", path)).json()["baseline_pain"] == won


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"region": "elbow"}, "/region"),
        ({"laterality": "both"}, "/laterality"),
        ({"performed_on": "2026-05-02"}, "/performed_on"),
        ({"performed_on": "1800-01-01"}, "/performed_on"),
        ({"performed_on": "2026-02-30"}, "/performed_on"),
        ({"baseline_pain": 11}, "/baseline_pain"),
        ({"joints": ["X9"]}, "/joints/0"),
        ({"laser": True}, ""),
        ({"performed_on": None}, "/performed_on"),
    ],
)
async def test_a_bad_procedure_is_refused_with_its_place(
    service: Service, change: dict[str, Any], pointer: str
) -> None:
    path = f"/v1/procedures/{await service.new_procedure()}"
    for method, where in (("POST", f"/v1/patients/{service.ada_id}/procedures"), ("PATCH", path)):
        answer = await service("cleo", method, where, json={**NEW, **change} if method == "POST" else change)
        assert answer.status_code == 422, answer.text
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


async def test_a_procedure_before_birth_is_refused(service: Service) -> None:
    young = {"name": "Kid", "born_on": "2010-01-01", "time_zone": "Europe/Zurich"}
    kid = (await service("cleo", "POST", "/v1/patients", json=young)).json()["id"]
    answer = await service("cleo", "POST", f"/v1/patients/{kid}/procedures", json={**NEW, "performed_on": "2009-12-31"})
    assert answer.status_code == 422


async def test_what_follows_from_a_procedure_is_derived_and_never_typed_in(service: Service) -> None:
    first = await service.new_procedure(joints=["L4-5", "L5-S1"], technique="thermal")
    other = await service.new_procedure(performed_on="2025-09-01", laterality="right", joints=["L4-5"])
    repeat = await service.new_procedure(performed_on="2026-03-01", laterality="bilateral", joints=["L4-5"])
    pulsed = await service.new_procedure(
        performed_on="2026-03-02", region="cervical", joints=["C5-6"], technique="pulsed"
    )
    shown = {
        p["id"]: p for p in (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/procedures")).json()["items"]
    }
    assert shown[first]["nerves"] == ["L3", "L4", "L5 dorsal ramus"]
    assert shown[first]["cpt"] == [{"code": "64635", "units": 1}, {"code": "64636", "units": 1}]
    assert (shown[other]["staged_with"], shown[other]["repeat_of"]) == (first, None)
    assert (shown[repeat]["staged_with"], shown[repeat]["repeat_of"]) == (None, other)
    assert (shown[pulsed]["cpt"], shown[pulsed]["staged_with"]) == ([{"code": "64999", "units": 1}], None)
    refused = await service(
        "cleo", "POST", f"/v1/patients/{service.ada_id}/procedures", json={**NEW, "staged_with": first}
    )
    assert refused.json()["errors"][0]["pointer"] == ""


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"joints": ["C5-6"]}, "/joints/0"),
        ({"joints": ["L4-5"], "nerves": ["L4", "L1"]}, "/nerves/1"),
        ({"joints": ["L3-5"]}, "/joints/0"),
        ({"nerves": ["N7"]}, "/nerves/0"),
        ({"temperature_c": 400}, "/temperature_c"),
        ({"seconds": 0}, "/seconds"),
        ({"joints": ["L4-5", "L4-L5"]}, "/joints"),
    ],
)
async def test_a_wrong_pairing_is_refused(service: Service, change: dict[str, Any], pointer: str) -> None:
    path = f"/v1/procedures/{await service.new_procedure()}"
    for method, where in (("POST", f"/v1/patients/{service.ada_id}/procedures"), ("PATCH", path)):
        answer = await service("cleo", method, where, json={**NEW, **change} if method == "POST" else change)
        assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


async def test_a_deleted_procedure_takes_its_verdict_along(service: Service) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).status_code == 200
    assert (await service("cleo", "DELETE", f"/v1/procedures/{procedure}")).status_code == 204
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).status_code == 404
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}/history")).status_code == 200
