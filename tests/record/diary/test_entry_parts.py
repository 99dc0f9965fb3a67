"""All parts of an entry, and its times."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_every_part_comes_back_as_it_was_given(service: Service) -> None:
    parts: dict[str, Any] = {
        "flare_up": True,
        "work": "off_sick",
        "interference": 6.5,
        "activity": {"steps": 4200, "active_minutes": 35, "level": "less"},
        "medications": [{"name": "pregabalin", "dose": 75, "unit": "mg", "times": 2, "schedule": "scheduled"}],
        "note": "slept badly",
    }
    await service.put("2026-04-30", 6, **parts)
    shown = (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")).json()
    assert {name: shown[name] for name in parts if name not in ("medications", "activity")} == {
        name: value for name, value in parts.items() if name not in ("medications", "activity")
    }
    assert shown["medications"][0]["schedule"] == "scheduled"
    assert shown["opioid_mme"] == 0


async def test_a_flare_up_alone_is_an_entry_and_says_nothing_of_pain(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    made = await service("ada", "PUT", path, json={"flare_up": False})
    assert (made.status_code, made.json()["flare_up"], made.json()["pain"]) == (201, False, None)


async def test_what_is_written_down_over_three_days_later_is_recalled(service: Service) -> None:
    for day, recalled in (("28", False), ("27", True)):  # it is the first of May
        made = await service.put(f"2026-04-{day}", 4)
        assert made.json()["recalled"] is recalled
    made = await service.put("2026-04-01", 4, recorded_at="2026-04-02T08:00:00+02:00")  # written then, sent now
    assert made.json()["recalled"] is False


async def test_a_wrong_clock_is_measured_and_reorders_nothing(service: Service, clock: Clock) -> None:
    behind = (clock.now - timedelta(hours=2)).isoformat()
    await service.put("2026-04-30", 4, recorded_at="2026-04-30T20:00:00Z", sent_at=behind)
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30/revisions"
    (told,) = (await service("ada", "GET", path)).json()["items"]
    assert told["skew_seconds"] == pytest.approx(7200, abs=1)
    assert told["recorded_at"] == "2026-04-30T20:00:00.000+00:00"


@pytest.mark.parametrize("ahead", [timedelta(minutes=3), timedelta(hours=23), timedelta(hours=30)])
async def test_a_later_writing_counts_also_after_one_of_a_fast_clock(
    service: Service, clock: Clock, ahead: timedelta
) -> None:
    fast = (clock.now + ahead).isoformat()
    assert (await service.put("2026-05-01", 2, recorded_at=fast)).status_code == 201
    changed = await service.put("2026-05-01", 9)
    assert (changed.status_code, changed.json()["pain"][0]["average"]) == (200, 9)
    shown = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/2026-05-01")
    assert shown.json()["pain"][0]["average"] == 9


async def test_half_past_one_at_night_may_belong_to_yesterday(service: Service) -> None:
    made = await service.put("2026-04-29", 4, recorded_at="2026-04-30T01:30:00+02:00")
    assert (made.status_code, made.json()["date"]) == (201, "2026-04-29")


@pytest.mark.parametrize(
    ("day", "written"),
    [("2026-03-29", "2026-03-29T23:30:00+02:00"), ("2025-10-26", "2025-10-26T23:30:00+01:00")],  # 23 and 25 hours long
)
async def test_days_on_which_the_clocks_change_are_days(service: Service, day: str, written: str) -> None:
    assert (await service.put(day, 4, recorded_at=written)).status_code == 201


async def test_who_travels_keeps_her_own_calendar(service: Service, clock: Clock) -> None:
    clock.now = clock.now.replace(hour=23)  # already the second of May in Zurich
    assert (await service.put("2026-05-02", 4)).status_code == 201
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"time_zone": "America/New_York"})
    assert (await service.put("2026-05-03", 4)).status_code == 422
    assert (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/2026-05-02")).status_code == 200


async def test_the_catalogue_is_searched_by_name_or_code(service: Service) -> None:
    async def found(q: str) -> list[str]:
        items = (await service("ada", "GET", "/v1/medications", params={"q": q})).json()["items"]
        return [m["name"] for m in items]

    assert (await found("tram"))[0] == "tramadol"
    assert await found("10689") == ["tramadol"]
    assert await found("zzz") == []
    assert len(await found("")) > 30
    everything = (await service("ada", "GET", "/v1/medications")).json()["items"]
    assert next(m for m in everything if m["name"] == "buprenorphine")["mme_factors"] == {}
    assert {m["mme_table"] for m in everything} == {"cdc-2022"}


@pytest.mark.parametrize(
    ("day", "recorded_at", "status"),
    [
        ("2026-05-02", None, 422),  # it is noon of the first of May in UTC, and the afternoon at home
        ("2026-05-02", "2026-05-02T02:00:00+14:00", 201),  # the phone is where the second has begun
        ("2026-05-02", "2026-05-01T12:00:00+00:00", 422),
        ("2026-05-03", "2026-05-02T02:00:00+14:00", 422),
        ("2026-05-02", "2026-05-02T11:50:00+23:50", 201),  # no place is so far east: it counts as the farthest that is
        ("2026-05-03", "2026-05-02T11:50:00+23:50", 422),
        ("2026-05-01", "2026-05-01T00:30:00-11:00", 201),
    ],
)
async def test_a_day_has_begun_where_the_phone_is(
    service: Service, day: str, recorded_at: str | None, status: int
) -> None:
    told = {} if recorded_at is None else {"recorded_at": recorded_at}
    assert (await service.put(day, 4, **told)).status_code == status
