"""A small clinic, its server, and phones: real browsers with their own storage, worker and network."""

import asyncio
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect
from sqlalchemy import select

from app.access.accounts.service import add_account, add_clinic
from app.access.accounts.tables import Clinic
from app.alerts.messages.sending import send_due
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.typed import col
from app.doors.commands.main import main
from app.rules.words import Role
from app.work.worker import work_once
from tests.aside import aside
from tests.commands import environment, started
from tests.support import PASSWORD, app_with, password_hash

NAME = "ada"
SIZE: ViewportSize = {"width": 390, "height": 844}
SCREENS = (
    "today",
    "day/{before}",
    "calendar",
    "course",
    "more",
    "call",
    "wearing",
    "plan",
    "appointment",
    "reminder",
    "lock",
    "devices",
    "looked",
    "consents",
    "proxies",
    "export",
    "leave",
    "sign-in",
)
STAFF = {"cleo": "clinician", "sam": "scheduler", "root": "admin"}
OUTSIDE = ("", "join")  # of who is not signed in


@dataclass
class ClinicOfOne:
    """A clinic with one patient, treated on the left low back ten days ago; and its server, which can be stopped."""

    url: str
    settings: Settings
    patient_id: str = ""
    procedure_id: str = ""
    client: httpx.Client = field(default_factory=httpx.Client)
    tokens: dict[str, str] = field(default_factory=dict)
    start: Callable[[], None] = lambda: None
    stop: Callable[[], None] = lambda: None

    def __call__(self, who: str, method: str, path: str, **more: Any) -> Any:
        """A call by somebody; the answer's body."""
        if who not in self.tokens:
            form = {"username": who, "password": PASSWORD}
            self.tokens[who] = self.client.post(f"{self.url}/v1/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **more.pop("headers", {})}
        answer = self.client.request(method, f"{self.url}{path}", headers=headers, **more)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    def entry(self, on: date, who: str = NAME) -> Any:
        """The entry of a day as the service has it; None where there is none."""
        path = f"/v1/patients/{self.patient_id}/diary?from={on}&to={on}"
        items = self(who, "GET", path)["items"]
        return items[0] if items else None

    def taken(self, on: date) -> Any:
        """The entry of a day that a phone is still sending, as soon as the service has it."""
        for _ in range(100):
            if entry := self.entry(on):
                return entry
            time.sleep(0.1)
        raise AssertionError(f"nothing of {on} came")

    def work(self, at: datetime | None = None) -> None:
        """A round of the worker at an instant, and of the messages that follow from it."""

        async def once() -> None:
            database, clock = Database(self.settings.database_url.get_secret_value()), lambda: at or utc_now()
            await work_once(database, clock)
            await send_due(database, self.settings, clock)
            await database.close()

        aside(lambda: asyncio.run(once()))

    def write(self, on: date, **parts: Any) -> Any:
        """An entry from elsewhere: by another phone of the patient."""
        return self(NAME, "PUT", f"/v1/patients/{self.patient_id}/diary/{on}", json=parts)


async def people(url: str, *roles: str) -> None:
    database = Database(url)
    here = await database.write(lambda c: add_clinic(c, "Harbour Clinic", utc_now()))
    for who, role in STAFF.items():
        if role in roles:
            await add(database, here, who, role)
    await database.close()


async def add(database: Database, clinic_id: UUID, who: str, role: Any, patient_id: str | None = None) -> None:
    kind: Role = role
    patient = None if patient_id is None else UUID(patient_id)
    await database.write(
        lambda c: add_account(
            c, clinic_id, username=who, password_hash=password_hash(), role=kind, now=utc_now(), patient_id=patient
        )
    )


async def add_patients_account(url: str, patient_id: str, who: str) -> None:
    database = Database(url)
    async with database.read() as connection:
        (clinic_id,) = (await connection.execute(select(col(Clinic.id)))).one()
    await add(database, clinic_id, who, "patient", patient_id)
    await database.close()


def in_thread(settings: Settings, port: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """How a server in a thread of this process is started and stopped."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start() -> None:
        config = uvicorn.Config(
            app_with(settings, utc_now), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            thread.join(0.02)
        running.append((server, thread))

    def stop() -> None:
        while running:
            server, thread = running.pop()
            server.should_exit = True
            thread.join()

    return start, stop


def as_process(settings: Settings, port: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """How a server in a process of its own is started and killed."""
    running: list[ForkServerProcess] = []
    told = {"PUBLIC_URL": settings.public_url, "WORKER_SECONDS": "0", "PORT": str(port)}
    environ = environment(settings.url, **{f"REPRIEVE_{name}": value for name, value in told.items()})
    none = Path(os.devnull)

    def stop() -> None:
        while running:
            process = running.pop()
            process.kill()
            process.join()

    def start() -> None:
        running.append(started(main, ("serve",), environ, given=none, out=none, err=none))
        for _ in range(600):
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                    return
            time.sleep(0.05)
        stop()
        raise AssertionError("the server does not answer")

    return start, stop


@contextmanager
def served(database_url: str, *, mortal: bool = False, bare: bool = False, **more: Any) -> Iterator[ClinicOfOne]:
    """The clinic on a migrated database without a row, served.

    Args:
        mortal: the server is a process of its own, and `stop` is `kill -9`.
        bare: it has its admin and nobody else yet.
        more: settings.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    aside(lambda: asyncio.run(people(database_url, *(["admin"] if bare else STAFF.values()))))
    base = {"database_url": database_url, "worker_seconds": 0, "public_url": f"http://localhost:{port}", "pool_size": 4}
    settings = Settings.model_validate({**base, **more})
    start, stop = as_process(settings, port) if mortal else in_thread(settings, port)
    one = ClinicOfOne(f"http://localhost:{port}", settings=settings, start=start, stop=stop)
    start()
    try:
        if not bare:
            treat(one)
        yield one
    finally:
        one.client.close()
        stop()


def treat(one: ClinicOfOne) -> None:
    """The patient, their treatment, account and consents."""
    new = {"name": "Ada Muster", "born_on": "1951-04-02", "time_zone": "UTC", "language": "en"}
    one.patient_id = one("cleo", "POST", "/v1/patients", json=new)["id"]
    done = {"performed_on": str(day(-10)), "region": "lumbar", "laterality": "left", "baseline_pain": 7}
    made = one("cleo", "POST", f"/v1/patients/{one.patient_id}/procedures", json=done)
    one.procedure_id = made["id"]
    aside(lambda: asyncio.run(add_patients_account(one.settings.database_url.get_secret_value(), one.patient_id, NAME)))
    for kind in ("treatment", "research", "messages"):
        said = {"kind": kind, "version": 1, "given": True}
        one(NAME, "POST", f"/v1/patients/{one.patient_id}/consents", json=said)


def live_in(service: ClinicOfOne) -> ClinicOfOne:
    """Some days of a diary, a side effect that goes on, medicines of both kinds, an appointment, a number to call."""
    service("root", "PATCH", "/v1/clinic", json={"phone": "+41 44 555 01 00"})
    for back in range(1, 9):
        service.write(
            day(-back),
            pain=[{"region": "lumbar", "side": "left", "average": back % 5 + 2, "worst": 8}],
            medications=[
                {"code": "10689", "dose": 50, "unit": "mg", "times": 2, "schedule": "scheduled"},
                {"name": "ibuprofen", "dose": 400, "unit": "mg", "schedule": "as_needed"},
            ],
            side_effects=[{"kind": "soreness", "severity": 1, "region": "lumbar", "side": "left"}],
            activity={"level": "usual", "steps": 4200},
        )
    slot_id = new_slot(service, 9)
    service("sam", "POST", "/v1/appointments", json={"patient_id": service.patient_id, "slot_id": slot_id})
    return service


def new_slot(service: ClinicOfOne, ahead: int) -> str:
    """A slot of the clinician's, so many days ahead."""
    account = next(one for one in service("root", "GET", "/v1/accounts")["items"] if one["username"] == "cleo")
    slot = {
        "clinician_id": account["id"],
        "starts_at": f"{day(ahead)}T09:00:00Z",
        "minutes": 30,
        "location": "Main building",
    }
    return str(service("sam", "POST", "/v1/slots", json=slot)["id"])


def day(ahead: int = 0) -> date:
    """A day by the phone's clock, which is UTC here."""
    return datetime.now(UTC).date() + timedelta(ahead)


class Phone:
    """A browser as a phone, with what its console complains of."""

    def __init__(self, context: BrowserContext, service: ClinicOfOne, *, background: bool = False) -> None:
        self.context, self.service = context, service
        self.heard: list[str] = []
        context.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        if not background:  # the worker has a network of its own, that is not always off when the page's is
            context.add_init_script("delete globalThis.ServiceWorkerRegistration?.prototype.sync")
        context.on("console", lambda m: self.heard.append(m.text) if m.type in ("error", "warning") else None)
        context.on("weberror", lambda e: self.heard.append(str(e.error)))
        self.page: Page = context.new_page()

    def open(self, part: str = "") -> "Phone":
        self.page.goto(f"{self.service.url}/app{part}")
        return self

    def sign_in(self, who: str = NAME) -> "Phone":
        self.open()
        self.page.get_by_label("Username").fill(who)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.pain(0).wait_for()
        return self

    def sign_in_in(self, language: str) -> "Phone":
        """The same in a language of which the caller need not know the words."""
        self.open()
        self.page.wait_for_selector(f"html[lang={language}]")
        self.page.fill("#username", NAME)
        self.page.fill("#password", PASSWORD)
        self.page.click("#sign-in button.main")
        self.page.wait_for_selector(".scores")
        return self

    def pain(self, score: int) -> Any:
        return self.page.get_by_role("button", name=f"Average pain {score}", exact=True)

    def save(self) -> "Phone":
        self.page.get_by_role("button", name="Save", exact=True).click()
        return self

    def says(self, text: str | re.Pattern[str]) -> "Phone":
        expect(self.page.locator("#status")).to_have_text(text)
        return self

    def keeps_itself(self) -> "Phone":
        """Waits until the worker has the whole app, as a phone does in the seconds after the first visit."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")
        return self

    def offline(self, off: bool = True) -> "Phone":
        self.context.set_offline(off)
        return self
