"""A page that shows a person leaves an event of who read it, as the API does; by construction, whatever the page."""

import re

import pytest
from sqlalchemy import func, select

from app.access.audit.service import event
from tests.alerts.flags.test_conclusions import returned, work
from tests.doors.pages.addresses import addresses
from tests.doors.pages.test_pages import enter
from tests.support import Service

pytestmark = pytest.mark.anyio
OPEN = {"/clinic/sign-in", "/clinic/join", "/clinic/reset", "/clinic/forgotten", "/clinic/static/{path:path}"}


async def events(service: Service) -> int:
    async with service.app.state.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(event))).scalar_one())


async def test_every_page_leaves_an_event_of_its_reader(service: Service) -> None:
    procedure = await returned(service)
    await work(service)
    review = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": "2027-06-02T09:00:00+02:00"}
    made = await service("sam", "POST", "/v1/slots", json={**slot, "minutes": 45, "location": "Room 2"})
    assert made.status_code == 201, made.text
    about = {"patient_id": service.ada_id, "slot_id": made.json()["id"]}
    booked = (await service("sam", "POST", "/v1/appointments", json=about)).json()["id"]
    ids = {"patient_id": service.ada_id, "procedure_id": procedure, "review_id": review, "appointment_id": booked}
    await enter(service)
    tried = []
    for path in addresses(service.app):
        if path in OPEN:
            continue
        address = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(ids.get(found[1], "x")), path)
        before = await events(service)
        answer = await service("nobody", "GET", address)
        assert answer.status_code < 500, address
        if answer.status_code == 200:
            tried.append(path)
            assert await events(service) > before, address
    assert len(tried) >= 10, tried


async def test_a_feed_is_audited(service: Service) -> None:
    url = (await service("ada", "POST", "/v1/calendar")).json()["url"]
    before = await events(service)
    assert (await service("nobody", "GET", url)).status_code == 200
    assert await events(service) > before
