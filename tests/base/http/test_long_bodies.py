"""Work whose size a caller sets: bounded before it begins, and off the loop."""

import json
import threading
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import routing
from hypothesis import given
from hypothesis import strategies as st

from app.base.http import long_json
from app.base.http.idempotency import deps
from app.base.http.long_json import LONGEST, MOST_VALUES, parts_of
from app.base.http.problems import Problem
from app.base.settings import Settings
from app.doors import document
from app.doors.api import create_app
from app.record.diary import door
from tests.support import Service

JSON = {"Content-Type": "application/json"}
LONG = LONGEST + 1
ASIDE = ("quick", "whole")  # the threads of `pools.py`
SIGNS = 'ab1 \n\\"{[,:]}é\u2028\U0001f600'  # what may be taken for the end of something
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(SIGNS, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(SIGNS, max_size=3), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["items", "a", ""]), values), st.sampled_from([None, 1]))
def test_what_is_read_piece_by_piece_is_what_is_read_at_once(whole: dict[str, Any], indent: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_json, "USUAL", 3)
        assert parts_of(json.dumps(whole, indent=indent).encode(), {"items"}) == whole


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"items":[{"x":"' + b"x" * LONG + b'"}]}', 413),
        (b'{"items":[{"x":[' + b"1," * MOST_VALUES + b"1,1]}]}", 413),
        (b'{"x":' + b"1" * LONG + b"}", 400),
        (b"[" + b"1," * LONG + b"1]", 400),
        (b'{"x":' + b" " * LONG + b"1}", 400),
        (b'{"items":' + b"[" * LONG, 400),
        (b'{"items":[1,2', 400),
        (b'{"items":[1]} x', 400),
        (b"\xff", 400),
        (b"", 400),
    ],
)
def test_no_step_of_reading_is_longer_than_one_item_may_be(
    raw: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = 0

    class Watched:
        def raw_decode(self, text: str) -> Any:
            nonlocal longest
            longest = max(longest, len(text))
            return json.JSONDecoder().raw_decode(text)

    monkeypatch.setattr(long_json, "_decoder", Watched())
    with pytest.raises(Problem) as refused:
        parts_of(raw, {"items"})
    assert refused.value.status == status
    assert longest <= LONGEST


@pytest.mark.anyio
async def test_no_call_reads_more_on_the_loop_than_its_limit(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call with a JSON body: one that is too long, or has too many values, is refused before it is read."""
    read: list[str] = []
    loads = json.loads

    def watched(text: Any, *args: Any, **named: Any) -> Any:
        if len(text) > LONGEST or (text.count(b"," if isinstance(text, bytes) else ",") > MOST_VALUES):
            read.append(threading.current_thread().name)
        return loads(text, *args, **named)

    paths = service.app.openapi()["paths"]
    monkeypatch.setattr(json, "loads", watched)
    many = b"{" + b",".join(b'"%d":0' % n for n in range(MOST_VALUES + 2)) + b"}"
    tried = 0
    for path, methods in paths.items():
        for method, call in methods.items():
            if "application/json" not in call.get("requestBody", {}).get("content", {}):
                continue
            address = path.replace("{date}", "2026-04-30").replace("{patient_id}", service.ada_id)
            while "{" in address:
                address = address[: address.index("{")] + service.ada_id + address[address.index("}") + 1 :]
            for body in (many, b'{"a":"' + b"x" * LONG + b'"}'):
                answer = await service("cleo", method.upper(), address, content=body, headers=JSON)
                assert answer.status_code == 413, (method, path, answer.text[:200])
                tried += 1
    assert tried > 60
    assert read == []


@pytest.mark.anyio
async def test_long_bodies_are_read_and_hashed_aside(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def watch(module: Any, name: str) -> None:
        plain = getattr(module, name)

        def watched(*args: Any, **named: Any) -> Any:
            seen[name] = threading.current_thread().name
            return plain(*args, **named)

        monkeypatch.setattr(module, name, watched)

    watch(long_json, "_object")
    watch(deps, "_fingerprint")
    diary = f"/v1/patients/{service.ada_id}/diary"
    entries = [{"date": "2026-04-30", "note": "x" * 4000}] * 300
    headers = {**JSON, "Idempotency-Key": "one"}
    answer = await service("ada", "POST", diary, content=json.dumps({"entries": entries}), headers=headers)
    assert answer.status_code == 200, answer.text
    assert set(seen) == {"_object", "_fingerprint"}
    assert all(name.startswith(ASIDE) for name in seen.values()), seen
    seen.clear()
    assert (await service("cleo", "POST", "/v1/records", content=b"{", headers=JSON)).status_code == 400
    assert seen["_object"].startswith(ASIDE)


@pytest.mark.anyio
async def test_the_document_is_made_aside_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    plain = document._named_plainly

    def watched(*args: Any) -> Any:
        made.append(threading.current_thread().name)
        return plain(*args)

    monkeypatch.setattr(document, "_named_plainly", watched)
    app = create_app(Settings.model_validate({"database_url": "sqlite+aiosqlite:///nowhere.db"}))
    app.state.metrics = type("Quiet", (), {"observe": lambda *_, **__: None})()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        first, second = [(await client.get("/openapi.json")).content for _ in range(2)]
    assert first == second
    assert len(made) == 1
    assert made[0].startswith(ASIDE)


@pytest.mark.parametrize("limit", ["MOST_READ", "MOST_TRIED"])
def test_of_many_notes_the_newest_are_read_and_a_person_reads_the_rest(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(door, limit, 20)

    def read(note: str) -> tuple[frozenset[str], int]:
        asked.append(note)
        return frozenset({"read"}), 21

    monkeypatch.setattr(door, "read_note", read)
    day = date(2026, 4, 1)
    notes = [(day + timedelta(days=n), f"day {n:03}....") for n in range(9)] + [(day, None), (day, "day 008....")]
    found = door.spoken_of(notes)
    assert asked == ["day 008...."]
    assert found[8] == found[10] == {"read"}
    assert found[:8] == [frozenset({"unread"})] * 8
    assert found[9] == frozenset()


@pytest.mark.anyio
async def test_no_route_is_built_by_the_first_call(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    built: list[str] = []
    plain = routing._populate_api_route_state

    def watched(*args: Any, **named: Any) -> Any:
        built.append(threading.current_thread().name)
        return plain(*args, **named)

    monkeypatch.setattr(routing, "_populate_api_route_state", watched)
    app = create_app(Settings.model_validate({"database_url": database_url, "worker_seconds": 0}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        assert len(built) > 60
        built.clear()
        assert (await client.get("/healthz")).status_code == 200
    assert built == []
