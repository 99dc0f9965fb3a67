"""Looks at every page of the clinic in a real browser: light and dark, in four languages, at four widths.

python -m tests.browser.every_page [SCHEME ...] [LANGUAGE ...] [WIDTH ...]

A page is found by going through the links of the demo's clinic as its admin, clinician and scheduler, one of each kind.
At each one the rules of axe, the console, the width and the header are looked at, with every fold open. Prints a row
for each combination and what was found; fails if anything was, or if a page of the application was not come to.
"""

import re
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from time import perf_counter
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from app.base.store.metadata import utc_now
from app.doors.pages.tongue import COOKIE
from app.rules.words import LANGUAGES
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.conftest import sign_in
from tests.browser.serving import Clinic, demo
from tests.doors.pages.addresses import addresses, of_which

SCHEMES, WIDTHS = ("light", "dark"), (320, 390, 820, 1280)
ROLES = ("admin", "clinician", "scheduler")
SIGNED_OUT = ("/clinic/sign-in", "/clinic/join", "/clinic/reset", "/clinic/forgotten")
BESIDE = ("/clinic/nowhere", "/clinic?q=nobody")  # an address that is none, and a search that finds nothing
HEADER = 80  # pixels that one row of the header stays under
CHART = "#chart"  # drawn by a script, after the page is there
OPEN = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
LINK = re.compile(r'(?:href|src|data-\w+)="(/clinic[^"#]*)')
ANY = "/clinic/{_rest:path}"
ELSEWHERE = {  # pages that no link of the demo leads to, and why
    "/clinic/take-over": "opened by a code, which is taken once",
    "/clinic/outside-team": "asked before a patient of another team's is opened; the demo's clinic has one team",
    "/clinic/sign-on/{clinic_id:uuid}": "leads to the clinic's own provider of identities",
    "/clinic/sign-on/{clinic_id:uuid}/back": "comes from there",
    ANY: "an address that is none",
}


@dataclass(frozen=True)
class Look:
    """How a page is looked at: its colours, its language, and its width in pixels."""

    scheme: str
    language: str
    width: int

    def __str__(self) -> str:
        return f"{self.scheme}, {self.language}, {self.width} px"


EVERY = [Look(*one) for one in product(SCHEMES, LANGUAGES, WIDTHS)]


@dataclass
class Walk:
    """One page of each kind, by the role that came to it first; what is no page (a sheet, a picture) is left out."""

    pages: dict[str, tuple[str, str]] = field(default_factory=dict)  # kind -> role, address
    others: set[str] = field(default_factory=set)

    def through(self, page: Page, url: str, *, role: str, kinds: list[str], first: str) -> None:
        """From link to link as one role, beginning with a patient of whom much is on record."""
        waiting, seen = [first, "/clinic", *SIGNED_OUT], set[str]()
        while waiting:
            address = waiting.pop(0).replace("&amp;", "&")
            kind = of_which(address, kinds)
            if kind is None or kind in seen or kind == ANY:
                continue
            answer = page.request.get(url + address)
            if answer.status != 200:
                continue
            seen.add(kind)
            if not answer.headers["content-type"].startswith("text/html"):
                self.others.add(kind)
                continue
            self.pages.setdefault(kind, (role, address))
            links = LINK.findall(answer.text())
            waiting += sorted(links, key=lambda one: "?" in one)

    def missing(self, kinds: list[str]) -> list[str]:
        """The pages of the application that nothing led to, but for those that have a reason."""
        return [one for one in kinds if one not in self.pages and one not in self.others and one not in ELSEWHERE]


def walk(browser: Browser, clinic: Clinic, *, kinds: list[str], first: str) -> Walk:
    """What each role comes to, the pages before a sign-in included."""
    found = Walk()
    for role in ROLES:
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        sign_in(page, clinic, role)
        found.through(page, clinic.url, role=role, kinds=kinds, first=first)
        context.close()
    found.pages |= {one: ("admin", one) for one in BESIDE}
    return found


def furnish(clinic: Clinic) -> str:
    """What the demo's clinic does not have: an event and a work-up, and a free slot on the calendar's first page.

    Gives the address of the patient with the two.
    """
    today, day = utc_now(), timedelta(days=1)

    def call(role: str, path: str, sent: dict[str, Any] | None = None) -> Any:
        account = clinic.account(role)
        form = {"username": account.username, "password": account.password}
        signed = httpx.post(f"{clinic.url}/v1/token", data=form).json()
        headers = {"Authorization": f"Bearer {signed['access_token']}"}
        answer = httpx.request("POST" if sent else "GET", f"{clinic.url}/v1{path}", json=sent, headers=headers)
        return answer.raise_for_status().json()

    theirs = f"/patients/{call('clinician', '/patients')['items'][0]['id']}"
    yesterday = f"{today - day:%Y-%m-%d}"
    call("clinician", f"{theirs}/events", {"kind": "injury", "happened_on": yesterday, "note": "fell"})
    call("clinician", f"{theirs}/work_ups", {"noted_on": yesterday, "note": "two years of pain"})
    clinician = next(one["id"] for one in call("admin", "/accounts")["items"] if one["role"] == "clinician")
    slot = {"clinician_id": clinician, "starts_at": f"{today + day:%Y-%m-%dT05:00:00Z}"}
    call("scheduler", "/slots", {**slot, "minutes": 45, "location": "Room 2"})
    return f"/clinic{theirs}"


class Eyes:
    """A browser window a role, in which pages are opened and judged."""

    def __init__(self, browser: Browser, clinic: Clinic) -> None:
        self.browser, self.clinic = browser, clinic
        self.windows: dict[str, Page] = {}
        self.heard: list[str] = []

    def close(self) -> None:
        for one in self.windows.values():
            one.context.close()

    def window(self, role: str, look: Look) -> Page:
        """The role's window, turned to how it is looked at."""
        if role not in self.windows:
            context = self.browser.new_context(locale="en-GB")
            context.set_default_timeout(60_000)
            context.on("console", lambda m: self.heard.append(m.text) if m.type in ("error", "warning") else None)
            context.on("weberror", lambda e: self.heard.append(str(e.error)))
            self.windows[role] = context.new_page()
            sign_in(self.windows[role], self.clinic, role)
        page = self.windows[role]
        page.set_viewport_size({"width": look.width, "height": 900})
        page.emulate_media(color_scheme="dark" if look.scheme == "dark" else "light")
        page.context.add_cookies([{"name": COOKIE, "value": look.language, "url": self.clinic.url}])
        return page

    def faults(self, role: str, address: str, look: Look) -> list[str]:
        """What is wrong with a page as it is looked at; nothing, it must be."""
        page = self.window(role, look)
        self.heard.clear()
        answer = page.goto(self.clinic.url + address)
        if page.locator(CHART).count():
            page.locator(f"{CHART} svg").first.wait_for()
        expected = 404 if address == BESIDE[0] else 200
        found = [] if answer and answer.status == expected else [f"answers {answer and answer.status}"]
        found += [] if page.evaluate("document.documentElement.lang") == look.language else ["another language"]
        page.evaluate(OPEN)
        if (over := page.evaluate(TOO_WIDE)) > 0:
            found.append(f"{over} px too wide")
        for header in page.locator("header.bar").all():
            if (high := header.evaluate("e => e.getBoundingClientRect().height")) >= HEADER:
                found.append(f"a header of {high:.0f} px")
        for one in Axe().run(page).response["violations"]:
            found.append(f"{one['id']}: {one['nodes'][0]['html'][:160]}")
        return found + [one for one in self.heard if not (expected == 404 and "status of 404" in one)]


def main(wanted: list[str]) -> int:
    """Every combination, or those that fit what is asked for; the number of faults."""
    chosen = [
        one
        for one in EVERY
        if all(
            not set(wanted) & set(map(str, kind)) or str(part) in wanted
            for part, kind in ((one.scheme, SCHEMES), (one.language, LANGUAGES), (one.width, WIDTHS))
        )
    ]
    faults = 0
    with demo() as clinic, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        kinds = addresses(clinic.app)
        found = walk(browser, clinic, kinds=kinds, first=furnish(clinic))
        print(f"{len(found.pages)} kinds of page, {len(found.others)} sheets and pictures beside them")
        for one in found.missing(kinds):
            faults += 1
            print(f"  not come to: {one}")
        eyes = Eyes(browser, clinic)
        print(f"{'scheme, language, width':24} pages  faults  seconds")
        for look in chosen:
            began, wrong = perf_counter(), list[str]()
            for role, address in found.pages.values():
                wrong += [f"  {address}: {one}" for one in eyes.faults(role, address, look)]
            print(f"{look!s:24} {len(found.pages):5}  {len(wrong):6}  {perf_counter() - began:7.0f}", flush=True)
            print(*wrong, sep="\n", end="\n" if wrong else "")
            faults += len(wrong)
        eyes.close()
        browser.close()
    return faults


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))
