"""Audit events: who did what with whose record, in the transaction of the write, and before the answer of a read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.access.audit import service as audit
from app.access.audit.tables import AuditEvent
from app.base.store.typed import col, table, wholes
from tests.alerts.flags.test_conclusions import returned, work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter, form_token
from tests.support import PASSWORD, Service, entry

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


LISTS = {  # each call that shows several people's data, and the reader
    "/v1/patients": "cleo",
    "/v1/flags": "cleo",
    "/v1/reviews": "sam",
    "/v1/appointments": "sam",
    "/v1/waiting": "sam",
    "/v1/cohorts/procedures": "cleo",
    "/v1/accounts?role=patient": "root",
}


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_leaves_an_event_for_each_whom_it_names(service: Service, path: str) -> None:
    procedure = await returned(service)
    await work(service)
    await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": "2027-06-02T09:00:00+02:00"}
    made = (await service("sam", "POST", "/v1/slots", json={**slot, "minutes": 45, "location": "Room 2"})).json()["id"]
    about = {"patient_id": service.ada_id, "slot_id": made}
    assert (await service("sam", "POST", "/v1/appointments", json=about)).status_code == 201
    waits = {"patient_id": service.ada_id, "kind": "consultation"}
    assert (await service("sam", "POST", "/v1/waiting", json=waits)).status_code == 201
    before = {one.id for one in await events(service)}
    answer = await service(LISTS[path], "GET", path)
    assert answer.status_code == 200, answer.text
    key = "id" if path == "/v1/patients" else "patient_id"
    named = {one[key] for one in answer.json()["items"]}
    new = [one for one in await events(service) if one.id not in before]
    assert service.ada_id in named
    assert sorted(str(one.patient_id) for one in new) == sorted(named), "once each"
    assert {(one.account_id, one.action) for one in new} == {(service.accounts[LISTS[path]][1], "read")}


async def test_a_list_of_nobody_leaves_an_event_that_names_nobody(service: Service) -> None:
    before = {one.id for one in await events(service)}
    assert (await service("cleo", "GET", "/v1/flags")).json()["items"] == []
    (new,) = [one for one in await events(service) if one.id not in before]
    assert (new.patient_id, new.resource) == (None, "flags")


async def test_the_list_and_the_calendar_of_the_pages_name_whom_they_show(service: Service) -> None:
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": "2026-05-02T09:00:00+02:00"}
    made = (await service("sam", "POST", "/v1/slots", json={**slot, "minutes": 45, "location": "Room 2"})).json()["id"]
    about = {"patient_id": service.ada_id, "slot_id": made}
    assert (await service("sam", "POST", "/v1/appointments", json=about)).status_code == 201
    await enter(service)
    for path, resource in (("/clinic", "patients"), ("/clinic/calendar", "appointments")):
        before = {one.id for one in await events(service)}
        text = (await service("nobody", "GET", path)).text
        assert "Ada" in text, path
        new = [one for one in await events(service, resource=resource) if one.id not in before]
        assert service.ada_id in {str(one.patient_id) for one in new}, path


@pytest.mark.parametrize("door", ["api", "page"])
async def test_signing_in_and_out_leave_events(service: Service, door: str) -> None:
    before = {one.id for one in await events(service)}
    if door == "page":
        await enter(service)
        told = {"form_token": await form_token(service)}
        assert (await service("nobody", "POST", "/clinic/sign-out", data=told)).status_code == 303
    else:
        form = {"grant_type": "password", "username": "cleo", "password": PASSWORD}
        issued = (await service("nobody", "POST", "/v1/token", data=form)).json()["access_token"]
        mine = {"Authorization": f"Bearer {issued}"}
        assert (await service("nobody", "DELETE", "/v1/token", headers=mine)).status_code == 204
    new = [one for one in await events(service, resource="sign_in") if one.id not in before]
    assert [(one.action, one.account_id) for one in new] == [
        ("create", service.accounts["cleo"][1]),
        ("delete", service.accounts["cleo"][1]),
    ]
    assert all(one.address == "127.0.0.1" and one.request_id for one in new)


async def test_who_comes_by_a_code_is_on_record_with_whence(service: Service) -> None:
    code = (await service("root", "POST", "/v1/accounts", json={"role": "scheduler", "username": "nina"})).json()[
        "code"
    ]
    taken = {"username": "nina", "password": "a long enough one 77"}
    joined = await service("nobody", "POST", f"/v1/invitations/{code}/accept", json=taken)
    assert joined.status_code in (200, 201), joined.text
    (made,) = await events(service, resource="account", action="create")
    assert made.address == "127.0.0.1" and made.request_id == joined.headers["x-request-id"]


async def of_reads(service: Service, path: str, who: str = "nobody") -> set[tuple[str | None, str]]:
    """Whom the events of a call name, and of what."""
    before = {one.id for one in await events(service)}
    answer = await service(who, "GET", path)
    assert answer.status_code == 200, answer.text
    new = [one for one in await events(service) if one.id not in before]
    return {(None if one.patient_id is None else str(one.patient_id), one.resource) for one in new}


async def test_the_work_list_and_a_feed_name_whom_they_show(service: Service) -> None:
    await returned(service)
    await work(service)
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": "2026-05-20T09:00:00+02:00"}
    made = (await service("sam", "POST", "/v1/slots", json={**slot, "minutes": 45, "location": "Room 2"})).json()["id"]
    about = {"patient_id": service.ada_id, "slot_id": made}
    assert (await service("sam", "POST", "/v1/appointments", json=about)).status_code == 201
    url = (await service("cleo", "POST", "/v1/calendar")).json()["url"]
    assert (service.ada_id, "calendar") in await of_reads(service, url)
    await enter(service)
    assert (service.ada_id, "flags") in await of_reads(service, "/clinic/flags")


async def test_a_slot_that_is_kept_for_somebody_names_them(service: Service) -> None:
    waits = {"patient_id": service.ada_id, "kind": "procedure"}
    assert (await service("sam", "POST", "/v1/waiting", json=waits)).status_code == 201
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": "2026-05-02T09:00:00+02:00"}
    made = (await service("sam", "POST", "/v1/slots", json={**slot, "minutes": 45, "location": "Room 2"})).json()["id"]
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    booked = await service("sam", "POST", "/v1/appointments", json={"patient_id": bob, "slot_id": made})
    cancel = {"reason": "ill"}
    freed = await service("sam", "POST", f"/v1/appointments/{booked.json()['id']}/cancel", json=cancel)
    assert freed.status_code == 200, freed.text
    await enter(service)
    for path, resource in ((f"/clinic/slots/{made}", "slot"), ("/clinic/calendar", "appointments")):
        assert "Ada" in (await service("nobody", "GET", path)).text, path
        assert (service.ada_id, resource) in await of_reads(service, path), path


@pytest.mark.parametrize("path", ["/v1/reviews?limit=1", "/v1/cohorts/procedures?limit=1"])
async def test_who_stands_on_the_next_page_was_not_looked_at(service: Service, path: str) -> None:
    procedure = await returned(service)
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    body = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}
    other = (await service("cleo", "POST", f"/v1/patients/{bob}/procedures", json=body)).json()["id"]
    for one in (procedure, other):
        assert (await service("cleo", "POST", f"/v1/procedures/{one}/reviews", json={})).status_code in (200, 201)
    await work(service)
    (shown,) = (await service("cleo", "GET", path)).json()["items"]
    assert {whose for whose, _ in await of_reads(service, path, "cleo")} == {shown["patient_id"]}


async def test_who_is_asked_about_as_a_second_of_that_name_was_looked_at(service: Service) -> None:
    ada = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).json()
    await enter(service)
    before = {one.id for one in await events(service)}
    twin = {"name": ada["name"], "born_on": ada["born_on"], "time_zone": "Europe/Zurich"}
    told = {**twin, "form_token": await form_token(service)}
    asked = await service("nobody", "POST", "/clinic/patients", data=told)
    assert asked.status_code == 409
    assert service.ada_id in {str(one.patient_id) for one in await events(service) if one.id not in before}


async def test_a_sign_in_that_is_over_does_not_end_twice(service: Service) -> None:
    state = service.app.state
    issued = await state.sign_ins.issue(*service.accounts["cleo"], state.clock())
    caller = await state.sign_ins.who(issued.token, state.clock())
    for _ in range(2):
        await state.sign_ins.end(issued.token, who=caller, now=state.clock())
    assert len(await events(service, resource="sign_in", action="delete")) == 1


async def test_a_page_folds_the_events_of_one_call_and_of_no_two(service: Service, clock: Clock) -> None:
    same = {"X-Request-ID": "the-same-name-each-time"}
    await service("cleo", "GET", "/v1/patients", headers=same)
    clock.now += timedelta(seconds=7)
    await service("cleo", "GET", "/v1/patients", headers=same)
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}", headers=same)
    await enter(service, "root")
    who = service.accounts["cleo"][1]
    text = (await service("nobody", "GET", f"/clinic/audit?who={who}&action=read")).text
    lines = [one for one in text.split("<tr>") if "read patient" in one]
    assert len(lines) == 3 and sum("read patients" in one for one in lines) == 2
    assert all("Ada Muster" in one and "Bob" in one for one in lines if "read patients" in one)
