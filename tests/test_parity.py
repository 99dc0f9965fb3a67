"""The whole story of a clinic on both databases: every answer is the same byte for byte, ids and times aside."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from app.base.settings import Settings
from app.doors.api import create_app
from tests.conftest import Clock, empty
from tests.relief.support import course as scores_of
from tests.support import Service, entry, open_service

pytestmark = [pytest.mark.anyio, pytest.mark.unmeasured]
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(\+00:00|Z)")
CURSOR = re.compile(r'("next": ?)"[^"]+"')
PERFORMED = date(2025, 7, 10)


@asynccontextmanager
async def service_on(url: str) -> AsyncIterator[Service]:
    clock = Clock()
    app = create_app(Settings.model_validate({"database_url": url, "pool_size": 4}), clock)
    async with open_service(app, clock) as running:
        yield running


async def story(service: Service) -> list[tuple[str, int, str]]:
    """Everything that a clinic does with a patient; what each call answered."""
    told: list[tuple[str, int, str]] = []

    async def ask(who: str, method: str, path: str, **kwargs: Any) -> Any:
        answer = await service(who, method, path, **kwargs)
        text = CURSOR.sub(r'\1"-"', TIME.sub("-", ID.sub("-", answer.text)))
        told.append((f"{who} {method} {ID.sub('-', path)}", answer.status_code, text))
        return answer

    of = f"/v1/patients/{service.ada_id}"
    made = await ask(
        "cleo",
        "POST",
        f"{of}/procedures",
        json={
            "performed_on": PERFORMED.isoformat(),
            "region": "lumbar",
            "laterality": "left",
            "joints": ["L4-5", "L5-S1"],
            "baseline_pain": 6.5,
        },
    )
    procedure = made.json()["id"]
    scores = scores_of(7, 2, 150, 6, 290, seed=8)
    days = [{"date": (PERFORMED + timedelta(days=d)).isoformat(), **entry(s)} for d, s in sorted(scores.items())]
    odd = [{"date": "2026-05-09", **entry(3)}, {"date": "x"}, 7, {"date": "2026-04-01", "note": "שלום 👩‍⚕️ '; --"}]
    await ask("ada", "POST", f"{of}/diary", json={"entries": days + odd})
    await ask("ada", "PUT", f"{of}/diary/2026-04-30", json=entry(4.5, side_effects=[{"kind": "fever", "severity": 2}]))
    await ask("ada", "PUT", f"{of}/diary/2026-04-30", json=entry(11))
    await ask("ada", "DELETE", f"{of}/diary/2026-04-30")
    for body in (
        {"kind": "peg", "answered_on": "2025-07-01", "items": [7, 6.5, 8]},
        {"kind": "peg", "answered_on": "2025-10-01", "items": [2, 3, 2]},
        {"kind": "odi", "answered_on": "2025-10-01", "items": [1] * 4},
    ):
        await ask("ada", "POST", f"{of}/assessments", json=body)
    await ask(
        "cleo",
        "POST",
        f"{of}/blocks",
        json={
            "performed_on": "2025-06-01",
            "side": "left",
            "joints": ["L4-5"],
            "agent": "lidocaine",
            "pain_before": 7,
            "pain_after": [{"minutes": 30, "pain": 0.5}, {"minutes": 120, "pain": 6}],
        },
    )
    event = await ask(
        "cleo", "POST", f"{of}/events", json={"kind": "injury", "happened_on": "2026-01-05", "note": "ankle"}
    )
    row = event.headers["location"]
    await ask("cleo", "PATCH", row, json={"note": None, "reason": "not sure"})
    await ask("cleo", "POST", f"{of}/work_ups", json={"noted_on": "2025-05-01", "pain_since": "2020-01-01"})
    contact = {"procedure_id": procedure, "contact": "weeks_2", "done_on": "2025-07-24"}
    await ask("sam", "POST", f"{of}/contacts", json=contact)
    await ask(
        "cleo",
        "POST",
        f"{of}/procedures",
        json={"performed_on": "2025-09-10", "region": "lumbar", "laterality": "right", "joints": ["C5-6"]},
    )
    await ask("cleo", "PATCH", f"/v1/procedures/{procedure}", json={"baseline_pain": 7})
    for who in ("cleo", "ada", "other"):
        for path in (
            of,
            f"{of}/history",
            f"{of}/procedures",
            f"{of}/blocks",
            f"{of}/assessments",
            f"{of}/events",
            f"{of}/work_ups",
            f"{of}/contacts",
            f"{of}/diary?limit=50",
            f"{of}/diary/2026-04-30/revisions",
            f"{of}/relief",
            f"{of}/record",
            f"/v1/procedures/{procedure}",
            f"{row}/history",
            f"/v1/procedures/{procedure}/plan",
            f"/v1/procedures/{procedure}/history",
            f"/v1/procedures/{procedure}/relief",
            f"/v1/procedures/{procedure}/relief?definition=eighty",
            "/v1/patients?limit=1",
            "/v1/flags",
            "/v1/medications?q=tra",
            "/v1/me",
        ):
            await ask(who, "GET", path)
    for plural in ("events", "assessments", "diary"):
        await ask("cleo", "GET", f"{of}/{plural}", headers={"Accept": "text/csv"})
    await ask("cleo", "DELETE", row, params={"reason": "mistaken"})
    await ask("root", "DELETE", of, params={"reason": "asked for"})
    await ask("cleo", "GET", of)
    return told


async def test_both_databases_give_the_same_answers(migrated_sqlite: Path, migrated_postgresql: str) -> None:
    async with service_on(f"sqlite+aiosqlite:///{migrated_sqlite}") as service:
        one = await story(service)
    try:
        async with service_on(migrated_postgresql) as service:
            other = await story(service)
    finally:
        await to_thread.run_sync(empty, migrated_postgresql)
    assert len(one) > 80
    for mine, its in zip(one, other, strict=True):
        assert mine == its
