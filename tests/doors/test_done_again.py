"""Every write may be done again: where another transaction stops the first attempt at its very end, nothing differs.

PostgreSQL may refuse any transaction so (40001), and the service then does the work anew. On SQLite there is one writer.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pyotp
import pytest
from anyio import to_thread
from sqlalchemy import func, select, text, update

from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.typed import col, table
from app.doors.tables import metadata
from app.work.calendar.tables import Slot
from tests.answers.eligibility.test_own_policies import OWN
from tests.conftest import Clock, empty
from tests.support import PASSWORD, Service, app_with, entry, open_service
from tests.test_parity import CURSOR, ID, TIME
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio
SENTENCE = re.compile(r'"[^"]*[a-z]{2,} \d{4}-\d{2}-\d{2}(?!T)[^"]*"')  # with a day as a computer writes it
SECRET = re.compile(  # another one each time
    r'"(access_token|refresh_token|code|secret|url|password|key|challenge)":"[^"]+"'
    r'|"(address|picture)":"(?:[^"\\]|\\.)*"|"(recovery_codes)":\[[^\]]+\]'
)
CODE = re.compile(
    r"(?<=/invitations/)[^/]+|(?<=/resets/)[^/]+|(?<=/proxies/)[^/]+(?=/accept)|(?<=/hand_overs/)[^/]+(?=/take)"
)
NOT_DRIVEN = {
    "POST /v1/addresses/{address_id}/confirm": "takes a code that only a mail holds; sets one column",
    "POST /v1/me/factors/passkey/begin": "its answer is a challenge for one browser; inserts one row",
    "POST /v1/me/factors/passkey": "answers a challenge with a device; inserts one row",
    "POST /v1/token/passkey": "answers a challenge with a device; uses it up either way",
    "PUT /v1/clinic/provider": "asks a provider first; deletes a row and inserts one, with values that are fixed before",
    "DELETE /v1/clinic/provider": "deletes rows by a key that is fixed before",
    "POST /v1/deliveries/{delivery_id}/replay": "needs a dead letter; one statement with values that are fixed before",
}
Told = list[tuple[str, int, str]]


def stop_each_first_attempt(database: Database) -> list[object]:
    """Lets each transaction run to its end and then fail, the first time; the list counts them."""
    stopped: list[object] = []

    def failing(original: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        async def attempt(work: Callable[[Any], Awaitable[Any]]) -> Any:
            async def then_fails(connection: Any) -> Any:
                await work(connection)
                raise asyncpg.SerializationError("could not serialize access")

            if any(one is work for one in stopped):
                return await original(work)
            stopped.append(work)
            return await original(then_fails)

        return attempt

    for name in ("_in_transaction", "_in_prepared_transaction"):
        setattr(database, name, failing(getattr(database, name)))
    return stopped


@asynccontextmanager
async def fresh(url: str) -> AsyncIterator[Service]:
    clock = Clock()
    smtp = "smtp://127.0.0.1:9"  # nothing is sent
    settings = Settings.model_validate({"database_url": url, "pool_size": 4, "worker_seconds": 0, "smtp_url": smtp})
    try:
        async with open_service(app_with(settings, clock), clock) as running:
            yield running
    finally:
        await to_thread.run_sync(empty, url)


class Teller:
    """Makes calls, and keeps what each answered, with what differs in any case left out."""

    def __init__(self, service: Service) -> None:
        self.service, self.told = service, []  # type: tuple[Service, Told]

    async def __call__(self, who: str, call: str, json: object = None, **more: Any) -> Any:
        method, path = call.split(" ", 1)
        given = {"json": json} if json is not None else {}
        answer = await self.service(who, method, path, **given, **more)
        said = SECRET.sub(r'"\1":"-"', CURSOR.sub(r'\1"-"', TIME.sub("-", ID.sub("-", answer.text))))
        self.told.append((f"{method} {CODE.sub('-', path)}", answer.status_code, said))
        assert answer.status_code < 300, (call, answer.text)
        assert SENTENCE.search(answer.text) is None, (call, "a day that is not in words")
        return answer.json() if answer.content else None


async def of_a_record(do: Teller, of: str) -> str:
    """What is recorded of a patient, changed and deleted; answers a procedure's id."""
    made = await do(
        "cleo", f"POST {of}/procedures", {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}
    )
    procedure = str(made["id"])
    await do("cleo", f"PATCH /v1/procedures/{procedure}", {"baseline_pain": 7})
    facts: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "procedures": ({"performed_on": "2024-07-10", "region": "lumbar", "laterality": "left"}, {"baseline_pain": 6}),
        "blocks": (
            {"performed_on": "2025-06-01", "side": "left", "joints": ["L4-5"], "agent": "lidocaine", "pain_before": 7},
            {"pain_before": 6},
        ),
        "assessments": ({"kind": "peg", "answered_on": "2026-04-01", "items": [5, 5, 5]}, {"items": [4, 4, 4]}),
        "events": ({"kind": "injury", "happened_on": "2026-04-01"}, {"note": "fell"}),
        "work_ups": ({"noted_on": "2025-06-01", "note": "two years"}, {"note": "three"}),
        "contacts": ({"procedure_id": procedure, "contact": "weeks_2", "done_on": "2025-07-24"}, {"note": "well"}),
    }
    for plural, (new, change) in facts.items():
        one = await do("cleo", f"POST {of}/{plural}", new, headers={"Idempotency-Key": f"of-{plural}"})
        await do("cleo", f"PATCH /v1/{plural}/{one['id']}", change)
        await do("cleo", f"DELETE /v1/{plural}/{one['id']}")
    fever = [{"kind": "fever", "severity": 2}]
    await do("ada", f"PUT {of}/diary/2026-04-30", entry(4, side_effects=fever))
    many = [{"date": "2026-04-29", **entry(5)}, {"date": "2026-04-28", **entry(6)}, {"date": "2026-04-29", **entry(6)}]
    await do("ada", f"POST {of}/diary", {"entries": many})
    await do("ada", f"POST {of}/diary", {"entries": many[:2]}, headers={"Idempotency-Key": "days"})
    await do("ada", f"DELETE {of}/diary/2026-04-28")
    await do("cleo", f"PATCH {of}", {"name": "Ada M."})
    return procedure


async def of_the_work(do: Teller, procedure: str, of: str) -> None:
    """Flags, reviews, slots, appointments, the waiting list."""
    (flag,) = (await do("cleo", "GET /v1/flags"))["items"]
    await do("cleo", f"POST /v1/flags/{flag['id']}/acknowledge", {"note": "seen"})
    async with do.service.app.state.database.engine.begin() as connection:
        await connection.execute(text("UPDATE flag SET kind = 'return_likely'"))  # one that asks
    await do("ada", f"POST /v1/flags/{flag['id']}/answer", {"answer": "no_change"})
    await do("sam", f"POST /v1/flags/{flag['id']}/call", {"outcome": "message_left", "again_on": "2026-05-02"})
    await do("sam", f"POST /v1/flags/{flag['id']}/hand", {"account_id": str(do.service.accounts["cleo"][1])})
    await do("cleo", f"POST /v1/flags/{flag['id']}/resolve", {"note": "done"})
    await do("cleo", f"POST /v1/flags/{flag['id']}/undo")
    await do("cleo", f"POST /v1/flags/{flag['id']}/resolve", {"note": "done after all"})
    opened = f"POST /v1/procedures/{procedure}/reviews"
    review = await do("sam", opened, {})
    where = f"/v1/reviews/{review['id']}"
    await do("sam", f"PATCH {where}", {"note": "called", "checklist": {"patient_asked": "yes"}})
    bulk = await do("sam", "POST /v1/reviews/bulk", {"step": "cancel", "reason": "no", "review_ids": [review["id"]]})
    await do("sam", f"POST /v1/reviews/bulk/{bulk['id']}/undo")
    first, second, third = [await slot(do.service, f"2026-06-0{day}T09:00:00+02:00") for day in (2, 3, 4)]
    me = (await do("cleo", "GET /v1/me"))["account_id"]
    made = await do(
        "sam",
        "POST /v1/slots",
        {"clinician_id": me, "starts_at": "2026-06-05T09:00:00+02:00", "minutes": 30, "location": "1"},
    )
    await do("sam", f"PATCH /v1/slots/{made['id']}", {"closed": True})
    await do("sam", f"DELETE /v1/slots/{made['id']}")
    away = {"clinician_id": me, "first_on": "2026-07-01", "last_on": "2026-07-14", "reason": "holiday"}
    gone = await do("sam", "POST /v1/absences", away)
    await do("sam", f"DELETE /v1/absences/{gone['id']}")
    await do("sam", f"POST {where}/book", {"slot_id": first})
    (booked,) = (await do("sam", "GET /v1/appointments"))["items"]
    await do("ada", f"POST /v1/appointments/{booked['id']}/confirm")
    await do("ada", f"GET /v1/appointments/{booked['id']}/other_times")
    moved = await do("sam", f"POST /v1/appointments/{booked['id']}/move", {"slot_id": second, "reason": "away"})
    await do("sam", f"POST {where}/decide", {"decision": "repeat", "reason": "nine months"})
    await do("sam", f"POST /v1/appointments/{moved['id']}/cancel", {"reason": "ill"})
    again = await do("sam", opened, {})
    await do("sam", f"POST /v1/reviews/{again['id']}/cancel", {"reason": "a mistake"})
    await do("sam", f"POST /v1/reviews/{again['id']}/reopen", {"reason": "it was none"})
    await do("sam", f"POST /v1/reviews/{again['id']}/cancel", {"reason": "now it is"})
    patient = of.rpartition("/")[2]
    waits = await do("sam", "POST /v1/waiting", {"patient_id": patient})
    await do("sam", f"DELETE /v1/waiting/{waits['id']}")
    await do("sam", "POST /v1/appointments", {"patient_id": patient, "slot_id": third})
    await of_the_waiting_list(do, patient)


async def of_the_waiting_list(do: Teller, patient: str) -> None:
    """Freed slots are offered; one appointment is kept."""
    slots = [await slot(do.service, f"2026-06-0{day}T09:00:00+02:00") for day in (8, 9)]
    new = {"name": "Max", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    other = (await do("sam", "POST /v1/patients", new))["id"]
    held = [await do("sam", "POST /v1/appointments", {"patient_id": other, "slot_id": one}) for one in slots]
    waits = await do("sam", "POST /v1/waiting", {"patient_id": patient})
    await do("sam", f"POST /v1/appointments/{held[0]['id']}/cancel", {"reason": "ill"})
    await do("ada", f"POST /v1/waiting/{waits['id']}/decline")
    await do("sam", f"POST /v1/appointments/{held[1]['id']}/cancel", {"reason": "ill"})
    taken = await do("ada", f"POST /v1/waiting/{waits['id']}/accept")
    async with do.service.app.state.database.engine.begin() as connection:
        this = update(table(Slot)).where(col(Slot.id) == UUID(taken["slot_id"]))
        await connection.execute(this.values(starts_at=do.service.app.state.clock()))
    await do("sam", f"POST /v1/appointments/{taken['id']}/attendance", {"step": "arrive"})


async def of_the_clinic(do: Teller, of: str) -> None:
    """Accounts, rules, addresses; a record that goes to another clinic, and is erased."""
    await do("root", "PATCH /v1/clinic", {"alarm_budget": 5})
    await do("root", "POST /v1/red_flags", {"kind": "tingling", "least_severity": 3, "advice": "Call us."})
    name = (await do("root", "POST /v1/policies", {"toml": OWN}))["name"]
    await do("root", f"DELETE /v1/policies/{name}")
    await do("cleo", "POST /v1/calendar")
    await do("cleo", "DELETE /v1/calendar")
    await do("ada", "PUT /v1/me/reminder", json={"at": "20:00", "time_zone": "Europe/Zurich"})
    await do("ada", "POST /v1/me/reminder/later", json={"minutes": 60})
    await do("ada", "DELETE /v1/me/reminder")
    await do("sam", f"POST /v1/patients/{do.service.ada_id}/ask_to_log")
    mail = await do("cleo", "POST /v1/addresses", {"channel": "email", "email": "a@example.org"})
    await do("cleo", f"DELETE /v1/addresses/{mail['id']}")
    hook = await do("root", "POST /v1/webhooks", {"url": "https://ehr.example.org/hook"})
    await do("root", f"DELETE /v1/webhooks/{hook['id']}")
    new = {"name": "Zoe", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    zoe = await do("sam", "POST /v1/patients", new, headers={"Idempotency-Key": "zoe"})
    code = (await do("sam", f"POST /v1/patients/{zoe['id']}/invitations"))["code"]
    await do("nobody", f"POST /v1/invitations/{code}/accept", {"username": "zoe", "password": "long enough a one"})
    record = await do("cleo", f"GET {of}/record")
    await do("other", "POST /v1/records", record)
    await do("sam", "POST /v1/me/password", {"password": PASSWORD, "new_password": "another long one"})
    await do.service.sign_in_again("sam")
    await of_the_access(do, of)
    await do("root", "GET /v1/audit/head")
    await do("root", "GET /v1/accounts")
    code = (await do("root", "POST /v1/accounts", {"role": "clinician"}))["code"]
    await do("nobody", f"POST /v1/invitations/{code}/accept", {"username": "nina", "password": "long enough a one"})
    code = (await do("root", f"POST /v1/accounts/{do.service.accounts['bob'][1]}/reset"))["code"]
    await do("nobody", f"POST /v1/resets/{code}", {"password": "yet another long one"})
    spare = await do("root", "POST /v1/accounts", {"role": "admin"})
    await do("root", "GET /v1/account_codes")
    await do("root", f"DELETE /v1/account_codes/{spare['id']}")
    await do("root", f"DELETE /v1/accounts/{do.service.accounts['bob'][1]}/sessions")
    (mine,) = (await do("other", "GET /v1/me/sessions"))["items"]
    await do("other", f"DELETE /v1/me/sessions/{mine['id']}")
    await do("ada", "DELETE /v1/me/sessions")
    await do("root", f"PATCH /v1/accounts/{do.service.accounts['sam'][1]}", {"disabled": True})
    await do("root", f"DELETE {of}", params={"reason": "asked for it"})
    signed = await do("nobody", "POST /v1/token", None, data={"username": "cleo", "password": PASSWORD})
    do.service.tokens["again"] = signed["access_token"]
    await do("again", "DELETE /v1/token")


async def of_the_access(do: "Teller", of: str) -> None:
    """Consents, proxies, teams, keys, clinics, codes by mail."""
    await do("ada", f"POST {of}/consents", {"kind": "research", "version": 1, "given": True})
    let = await do("ada", f"POST {of}/proxies", {"name": "Bob"})
    await do("bob", f"POST /v1/proxies/{let['code']}/accept")
    await do("ada", f"DELETE {of}/proxies/{let['id']}")
    await do("root", f"POST {of}/team", {"account_id": str(do.service.accounts["root"][1])})
    await do("root", "PATCH /v1/clinic", {"treating_teams": True})
    await do("cleo", f"POST {of}/break_glass", {"reason": "called by the emergency department"})
    await do("root", f"DELETE {of}/team/{do.service.accounts['root'][1]}")
    lake = await do("root", "POST /v1/sites", {"name": "Lakeside"})
    await do("root", f"PATCH /v1/sites/{lake['id']}", {"address": "Seestrasse 1"})
    await do("cleo", f"PUT {of}/site", {"site_id": lake["id"]})
    carla = {"name": "Carla", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
    goes = await do("cleo", "POST /v1/patients", carla)
    handed = await do("cleo", f"POST /v1/patients/{goes['id']}/hand_overs", {"agreed": "signed the form"})
    await do("other", f"POST /v1/hand_overs/{handed['code']}/take")
    handed = await do("ada", f"POST {of}/hand_overs", {})
    await do("ada", f"DELETE {of}/hand_overs/{handed['id']}")
    key = await do("root", "POST /v1/api_keys", {"name": "export", "scopes": ["read"]})
    await do("root", f"DELETE /v1/api_keys/{key['id']}")
    await do.service.add("odo", do.service.clinic_id, "operator")
    await do("odo", "POST /v1/clinics", {"name": "Hillside", "admin": "hill"})
    await do("nobody", "POST /v1/resets", {"username": "cleo"})
    await do("nobody", "POST /v1/token/passkey/begin")
    app = await do("sam", "POST /v1/me/factors/code", {"password": "another long one"})
    now = do.service.app.state.clock.now
    await do("sam", f"POST /v1/me/factors/{app['id']}/confirm", {"code": pyotp.TOTP(app["secret"]).at(now)})
    await do("sam", "POST /v1/me/recovery_codes", {"password": "another long one"})
    await do("sam", f"POST /v1/me/factors/{app['id']}/remove", {"password": "another long one"})
    await do("root", f"DELETE /v1/accounts/{do.service.accounts['bob'][1]}/factors")


async def story(service: Service) -> tuple[Told, dict[str, int]]:
    """Every write of the API; what each answered, and how many rows each table has at the end."""
    do, of = Teller(service), f"/v1/patients/{service.ada_id}"
    procedure = await of_a_record(do, of)
    await of_the_work(do, procedure, of)
    await of_the_clinic(do, of)
    async with service.app.state.database.read() as connection:
        counted = {
            name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in metadata.tables.items()
        }
    return do.told, counted


def writes(document: dict[str, Any]) -> dict[str, re.Pattern[str]]:
    """Each write of the API's document, and what its calls look like."""
    return {
        f"{method.upper()} {path}": re.compile(f"{method.upper()} {re.sub(r'{[^}]+}', '[^/]+', path)}")
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("post", "put", "patch", "delete")
    }


async def test_each_write_may_be_done_again(migrated_postgresql: str) -> None:
    async with fresh(migrated_postgresql) as service:
        plain, rows = await story(service)
        known = writes(service.app.openapi())
    async with fresh(migrated_postgresql) as service:
        stopped = stop_each_first_attempt(service.app.state.database)
        again, same_rows = await story(service)
    assert len(stopped) > len(known), "each was stopped once"
    told = [(call, status, said) for call, status, said in plain]
    for mine, its in zip(told, again, strict=True):
        assert (ID.sub("-", mine[0]), *mine[1:]) == (ID.sub("-", its[0]), *its[1:])
    assert same_rows == rows
    driven = {name for name, pattern in known.items() if any(pattern.fullmatch(call) for call, *_ in plain)}
    assert set(known) - driven == set(NOT_DRIVEN)
