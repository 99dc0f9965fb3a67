"""Rows for research as a file, from either database."""

import asyncio
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from tests.alerts.flags.test_conclusions import work
from tests.commands import reprieve
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_rows_for_research_are_written_from_either_database(service: Service, tmp_path: Path) -> None:
    judged = [await service.new_procedure(performed_on=on, joints=["L4-5"]) for on in ("2025-10-01", "2026-02-01")]
    url, file = service.app.state.settings.url, tmp_path / "rows.parquet"
    said = {"kind": "research", "version": 1, "given": True}
    consent = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/consents", json=said)
    assert consent.status_code == 201
    await work(service)
    ran = await asyncio.to_thread(reprieve, "cohort", "rows", str(file), url=url)
    assert (ran.returncode, ran.stderr.strip().splitlines()[-1]) == (0, "2 procedures"), ran.stderr
    found = duckdb.read_parquet(str(file)).project("procedure_id, clinic_id").fetchall()
    assert sorted(found) == sorted((UUID(one), service.clinic_id) for one in judged)
