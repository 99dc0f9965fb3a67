"""Audit events: who did what with whose record, in the transaction of the write, and before the answer of a read."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.access.audit import service as audit
from app.access.audit.tables import AuditEvent
from app.base.store.typed import col, table, wholes
from tests.support import Service, entry

pytestmark = pytest.mark.anyio


async def events(service: Service, **of: Any) -> list[AuditEvent]:
    async with service.app.state.database.read() as connection:
        query = select(table(AuditEvent)).order_by(col(AuditEvent.at), col(AuditEvent.id))
        found = wholes(AuditEvent, (await connection.execute(query)).all())
    return [one for one in found if all(getattr(one, name) == value for name, value in of.items())]


@pytest.mark.parametrize(
    ("method", "path", "body", "action", "resource"),
    [
        ("GET", "", None, "read", "patient"),
        ("PATCH", "", {"name": "Ada M."}, "change", "patient"),
        ("PATCH", "", {"name": "Ada Muster"}, "read", "patient"),
        ("PUT", "/diary/2026-04-30", entry(4), "change", "diary"),
        ("GET", "/diary", None, "read", "diary"),
        ("POST", "/events", {"kind": "injury", "happened_on": "2026-04-01"}, "create", "event"),
        ("GET", "/record", None, "read", "record"),
    ],
)
async def test_each_call_leaves_who_did_what_with_whose_record(
    service: Service, method: str, path: str, body: object, action: str, resource: str
) -> None:
    before = {one.id for one in await events(service)}
    where = f"/v1/patients/{service.ada_id}{path}"
    answer = await service("cleo", method, where, **({} if body is None else {"json": body}))
    assert answer.status_code < 300, answer.text
    (new,) = [one for one in await events(service) if one.id not in before]
    cleo = service.accounts["cleo"]
    assert (new.clinic_id, new.account_id, new.patient_id) == (*cleo, UUID(service.ada_id))
    assert (new.action, new.resource) == (action, resource)


async def test_a_write_that_is_refused_leaves_no_event_of_a_change(service: Service) -> None:
    before = len(await events(service))
    where = f"/v1/patients/{service.ada_id}"
    refused = await service("cleo", "PATCH", where, json={"name": "Eve"}, headers={"If-Match": '"old"'})
    assert refused.status_code == 412
    assert len(await events(service)) == before
    assert (await service("other", "GET", where)).status_code == 404
    assert len(await events(service)) == before, "what nobody was shown is no read"


async def test_whoever_listens_hears_of_reads_and_of_no_others(service: Service) -> None:
    database, now = service.app.state.database, service.app.state.clock()
    caller = await service.app.state.sign_ins.who(service.tokens["cleo"], now)
    with audit.listening() as heard:
        await audit.record_read(database, caller, resource="diary", patient_id=None, now=now)
        with audit.listening() as inner:
            audit.note("relief")
        audit.note("patient")
    audit.note("nobody listens")
    assert (heard, inner) == (["diary", "patient"], ["relief"])


async def test_an_operator_at_the_command_line_has_no_account(service: Service) -> None:
    database, now = service.app.state.database, service.app.state.clock()
    about = {"clinic_id": service.clinic_id, "patient_id": UUID(service.ada_id), "now": now}
    await database.write(lambda c: audit.record_of_command(c, "change", "diary", **about))
    (one,) = await events(service, account_id=None)
    assert (one.action, one.resource, one.clinic_id, str(one.patient_id)) == (
        "change",
        "diary",
        service.clinic_id,
        service.ada_id,
    )
