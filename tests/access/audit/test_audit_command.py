"""`reprieve audit`: heads to keep elsewhere, and whether what they vouch for still stands."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from app.access.audit.sealing import AFTER, seal_due
from app.access.audit.tables import AuditEvent, AuditSeal
from app.base.store.typed import col, table, to
from tests.commands import reprieve
from tests.conftest import Clock
from tests.support import Service, in_clear

pytestmark = pytest.mark.anyio


async def test_a_head_is_printed_and_later_checked(
    service: Service, clock: Clock, database_url: str, tmp_path: Path
) -> None:
    for _ in range(3):
        await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    clock.now += AFTER
    await seal_due(service.app.state.database, clock)
    url, own = database_url, str(service.clinic_id)
    printed = reprieve("audit", "head", url=url)
    heads = {one["clinic_id"]: one for one in map(json.loads, printed.stdout.splitlines())}
    assert set(heads) == {own, str(service.accounts["other"][0])} and heads[own]["size"] > 3
    noted = tmp_path / "heads"
    noted.write_text(printed.stdout)
    good = reprieve("audit", "verify", "--heads", str(noted), url=url)
    assert good.returncode == 0, good.stderr
    assert f"{own}: {heads[own]['size']} events as they were sealed, the last on 2026-05-01 12:01 UTC;" in good.stdout
    async with service.app.state.database.engine.begin() as connection:
        this = (col(AuditEvent.clinic_id) == service.clinic_id) & (col(AuditEvent.position) == 2)
        await connection.execute(
            update(table(AuditEvent)).where(this).ordered_values(to(col(AuditEvent.why), in_clear("x")))
        )
    bad = reprieve("audit", "verify", "--clinic", own, url=url)
    assert (bad.returncode, bad.stdout.count("\n")) == (1, 1)
    assert f"{own}: FAULT: event 2 (" in bad.stdout and "was changed" in bad.stdout
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(delete(table(AuditSeal)))
        await connection.execute(delete(table(AuditEvent)))
    assert reprieve("audit", "verify", url=url).returncode == 0
    gone = reprieve("audit", "verify", "--heads", str(noted), url=url)
    assert gone.returncode == 1 and "its end was cut off" in gone.stdout


async def test_what_is_asked_wrongly_is_said(service: Service, database_url: str, tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_text('\n{"clinic_id": "nobody"}\n')
    for args, says in (
        (("verify", "--clinic", "x"), "--clinic: 'x' is no id"),
        (("head", "--clinic", str(service.accounts["cleo"][1])), "--clinic: there is no clinic"),
        (("verify", "--heads", str(tmp_path / "none")), "can't be read: FileNotFoundError"),
        (("verify", "--heads", str(odd)), "--heads: line 2 is none that `reprieve audit head` prints"),
    ):
        done = reprieve("audit", *args, url=database_url)
        assert done.returncode == 2 and says in done.stderr, (args, done.stderr)
    missing = tmp_path / "missing"
    missing.write_text(
        json.dumps({"clinic_id": str(service.accounts["cleo"][1]), "size": 1, "root": "0" * 64, "link": "0" * 64})
    )
    done = reprieve("audit", "verify", "--heads", str(missing), url=database_url)
    assert done.returncode == 2 and "there is no clinic" in done.stderr
