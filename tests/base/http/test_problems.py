import json
from datetime import date
from typing import Any

import pytest

from app.doors.api import BODY_LIMIT
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
MEDIA = "application/problem+json"


def pointers(answer: Any) -> list[str]:
    return [e["pointer"] for e in answer.json()["errors"]]


async def test_an_unknown_address_and_a_wrong_method_are_problems(service: Service) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("PATCH", "/v1/token", 405)):
        answer = await service("cleo", method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA)
        assert answer.json()["title"]
    assert (await service("cleo", "PATCH", "/v1/token")).headers["allow"] == "DELETE, POST"
    one = await service("cleo", "PUT", f"/v1/patients/{service.ada_id}")
    assert one.headers["allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize("body", [b"{", b'{"pain": [', b"\xff\xfe", b"", b"[" * 100_000, b'{"note": "\\ud800"}'])
async def test_a_broken_body_is_refused_and_nothing_is_written(service: Service, body: bytes) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    answer = await service("ada", "PUT", path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == MEDIA
    assert (await service("ada", "GET", path)).status_code == 404


async def test_a_body_over_the_limit_is_413(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    answer = await service("ada", "PUT", path, json={"note": "x" * (BODY_LIMIT + 1)})
    assert (answer.status_code, answer.headers["content-type"]) == (413, MEDIA)


async def test_a_body_without_its_content_type_is_refused(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    answer = await service("ada", "PUT", path, content=json.dumps(entry(4)))
    assert answer.status_code in (415, 422)
    assert answer.headers["content-type"] == MEDIA


@pytest.mark.parametrize(
    "score", ["-1", "11", "4.3", "NaN", "Infinity", "1e999", '"five"', '"4"', "true", "[4]", "null"]
)
async def test_what_is_no_score_is_refused_with_its_place(service: Service, score: str) -> None:
    body = '{"pain": [{"region": "lumbar", "side": "left", "average": SCORE}]}'.replace("SCORE", score)
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    answer = await service("ada", "PUT", path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert pointers(answer) == ["/pain/0" if score == "null" else "/pain/0/average"]
    assert (await service("ada", "GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"note": ""}, ""),
        ({"pain": [{"region": "elbow", "side": "left", "average": 4}]}, "/pain/0/region"),
        ({"pain": [{"region": "lumbar", "side": "up", "average": 4}]}, "/pain/0/side"),
        ({"pain": [{"region": "lumbar", "side": "left"}]}, "/pain/0"),
        ({"pain": entry(4)["pain"] * 2}, "/pain"),
        ({"medications": [{"code": "10689", "dose": 50}]}, "/medications/0/unit"),
        ({**entry(4), "mood": 3}, ""),
        ({"activity": {"steps": -5}}, "/activity/steps"),
        ({"activity": {"steps": 300_000}}, "/activity/steps"),
        ({"side_effects": [{"kind": "joy"}]}, "/side_effects/0/kind"),
        ({"medications": [{"dose": 5}]}, "/medications/0"),
        ({**entry(4), "recorded_at": "2026-04-30T10:00:00"}, "/recorded_at"),
        ({**entry(4), "recorded_at": "2026-04-28T10:00:00Z"}, "/recorded_at"),
        ({"note": "nul \x00 byte"}, "/note"),
        ({"note": "x" * 4001}, "/note"),
    ],
)
async def test_a_bad_entry_is_refused_with_its_place(service: Service, body: dict[str, Any], pointer: str) -> None:
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    answer = await service("ada", "PUT", path, json=body)
    assert answer.status_code == 422, answer.text
    assert pointers(answer) == [pointer]
    assert (await service("ada", "GET", path)).status_code == 404


@pytest.mark.parametrize(
    "day", ["1800-01-01", "2026-05-02", "2026-02-30", "20260430", "1777777777", "yesterday", "2026-4-3"]
)
async def test_a_bad_day_is_refused(service: Service, day: str) -> None:
    answer = await service.put(day, 4)
    assert answer.status_code == 422
    assert pointers(answer) == ["/date"]


async def test_the_patients_zone_decides_which_day_is_the_future(service: Service) -> None:
    there = {"name": "Zoe", "born_on": "1970-01-01", "time_zone": "Pacific/Kiritimati"}  # 14 hours ahead: 2 May, 02:00
    zoe = (await service("cleo", "POST", "/v1/patients", json=there)).json()["id"]
    assert (await service("cleo", "PUT", f"/v1/patients/{zoe}/diary/2026-05-02", json=entry(4))).status_code == 201
    assert (await service("cleo", "PUT", f"/v1/patients/{zoe}/diary/2026-05-03", json=entry(4))).status_code == 422


async def test_an_unknown_query_parameter_is_refused(service: Service) -> None:
    answer = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary", params={"form": "2026-01-01"})
    assert answer.status_code == 422
    assert pointers(answer) == [""]
    assert answer.json()["errors"][0]["where"] == "query"


async def test_too_many_entries_in_a_batch_are_refused_whole(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/diary"
    for entries, status in (([{"date": "2026-04-30", **entry(4)}] * 1_001, 422), ([], 422)):
        answer = await service("ada", "POST", path, json={"entries": entries})
        assert answer.status_code == status
        assert pointers(answer) == ["/entries"]
    assert (await service("ada", "GET", path)).json()["items"] == []


async def test_no_problem_repeats_what_was_sent(service: Service) -> None:
    secret = "my-secret-diagnosis"
    answer = await service.put("2026-04-30", 4, side_effects=[{"kind": secret}])
    assert answer.status_code == 422
    assert secret not in answer.text


async def test_a_failure_inside_is_a_problem_and_says_nothing_of_itself(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("app.record.diary.door.keep", fail)
    answer = await service.put("2026-04-30", 4)
    assert (answer.status_code, answer.headers["content-type"]) == (500, MEDIA)
    assert "secret" not in answer.text
    monkeypatch.undo()
    assert (await service.put("2026-04-30", 4)).status_code == 201


@pytest.mark.parametrize(
    "day", ["O'Hara 555", "ada@x.ch", "2026-02-30", "2026-13-01", "20260430", "2026-W18-4", "", 7, None]
)
async def test_a_batch_repeats_no_day_that_is_none(service: Service, day: object) -> None:
    """What stands where a day belongs may be a name or a number to call; a day is repeated, so that it can be found."""
    entries = [{"date": day, "pain": "x"}, {"date": "2026-04-30", "pain": "x"}]
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    first, second = answer.json()["items"]
    assert (first["status"], second["date"]) == ("rejected", "2026-04-30")
    shown = date.fromisoformat(first["date"]).isoformat() if first["date"] else None
    assert first["date"] == shown
    assert not isinstance(day, str) or len(day) < 8 or day not in answer.text
