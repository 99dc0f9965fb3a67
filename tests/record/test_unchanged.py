"""A change that changes nothing answers with the row, and leaves an event of its reading."""

import pytest
from sqlalchemy import select

from app.access.audit.service import event
from tests.support import Service

pytestmark = pytest.mark.anyio


async def last_event(service: Service) -> tuple[str, str]:
    async with service.app.state.database.read() as connection:
        newest = select(event.c.action, event.c.resource).order_by(event.c.id.desc()).limit(1)
        action, resource = (await connection.execute(newest)).one()
    return action, resource


async def test_a_change_without_effect_is_a_reading(service: Service) -> None:
    procedure = f"/v1/procedures/{await service.new_procedure()}"
    patient = f"/v1/patients/{service.ada_id}"
    asked = [
        (patient, {}, "patient"),
        (patient, {"name": "Ada Muster"}, "patient"),
        (procedure, {"region": "lumbar"}, "procedure"),
    ]
    for path, body, resource in asked:
        await service("cleo", "PATCH", patient, json={"name": "Ada Other"})
        await service("cleo", "PATCH", patient, json={"name": "Ada Muster"})
        assert await last_event(service) == ("change", "patient")
        answer = await service("cleo", "PATCH", path, json=body)
        assert answer.status_code == 200, answer.text
        assert await last_event(service) == ("read", resource)
