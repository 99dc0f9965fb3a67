"""A real server with the demo's clinic, and a real browser."""

import asyncio
import pickle
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.serving import Clinic, fill, serve
from tests.shared import made_once


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, migrated_template: Path) -> Path:
    """A folder with the demo's clinic, everything concluded, and who can sign in; it takes seconds to make."""

    def make(folder: Path) -> None:
        folder.mkdir()
        shutil.copy(migrated_template, folder / "demo.db")
        accounts = asyncio.run(fill(f"sqlite+aiosqlite:///{folder / 'demo.db'}"))
        (folder / "accounts.pickle").write_bytes(pickle.dumps(accounts))

    return made_once(tmp_path_factory, "browser-demo", make)


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory, filled: Path) -> Iterator[Clinic]:
    path = shutil.copy(filled / "demo.db", tmp_path_factory.mktemp("browser"))
    accounts = pickle.loads((filled / "accounts.pickle").read_bytes())
    with serve(Path(path), accounts) as served:
        yield served


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """One for these tests: the library leaves an event loop running in its thread, where others want to run theirs."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright, clinic: Clinic) -> Iterator[Browser]:
    """The browser of all of them."""
    with launched(playwright) as one:
        yield one


@contextmanager
def launched(playwright: Playwright, *, whole: bool = False) -> Iterator[Browser]:
    path = executable(whole=whole)
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium chromium-headless-shell")
    with closing(playwright.chromium.launch(executable_path=path, args=ARGUMENTS)) as one:
        yield one


@pytest.fixture(scope="package")
def signed_in(browser: Browser, clinic: Clinic) -> StorageState:
    """What a browser keeps of the clinician's sign-in."""
    with closing(browser.new_context()) as context:
        sign_in(context.new_page(), clinic, "clinician")
        return context.storage_state()


@pytest.fixture
def context(browser: Browser, signed_in: StorageState) -> Iterator[BrowserContext]:
    """A browser with the clinician signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", storage_state=signed_in)
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)  # on a busy machine a chart takes its time
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, clinic: Clinic) -> Page:
    """The clinic's first page; whatever the browser complains of fails the test."""
    page = context.new_page()
    page.goto(f"{clinic.url}/clinic")
    return page


def sign_in(page: Page, clinic: Clinic, role: str) -> None:
    account = clinic.account(role)
    page.goto(f"{clinic.url}/clinic")
    page.get_by_label("Name").fill(account.username)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{clinic.url}/clinic")


@pytest.fixture(autouse=True)
def complaints(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What the browser's console says of broken rules and scripts: nothing, it must be."""
    heard: list[str] = []
    if "context" in request.fixturenames:
        context: BrowserContext = request.getfixturevalue("context")
        context.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
        context.on("weberror", lambda e: heard.append(str(e.error)))
    yield heard
    refused = "Failed to load resource: the server responded with a status of 4"  # a page asked for on purpose
    assert [h for h in heard if not h.startswith(refused)] == []
