"""Takes the screenshots of the documents, from the demo's clinic in a real browser.

python -m tests.browser.screenshots
"""

import asyncio
import re
import tempfile
import threading
from pathlib import Path
from shutil import which

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from app.base.settings import Settings
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from tests.browser.conftest import ARGUMENTS, Clinic, fill, sign_in

DOCS = Path(__file__).parents[2] / "docs" / "pages"
PORT = 8765
SHOTS = {
    "list": "/clinic",
    "return": "Karin Lang",
    "masked": "Greta Huber",
    "under-way": "Bruno Keller",
    "no-baseline": "Felix Graf",
    "staged": "Hugo Iten",
    "cohort": "/clinic/cohort",
    "queue": "/clinic/reviews",
    "flags": "/clinic/flags",
    "calendar": "/clinic/calendar",
    "quality": "/clinic/quality",
    "grid": "/clinic/calendar/grid",
}
OF_PATIENT = {"patient": "", "treatments": "/treatments", "diary": "/diary", "documents": "/documents"}
OF_ADMIN = {"account": "{home}/account", "settings": "/clinic/settings", "policies": "/clinic/policies"}
OF_ADMIN |= {"webhooks": "/clinic/webhooks", "accounts": "/clinic/accounts"}
WIDTHS = (390, 820)  # beside the usual one


def main() -> None:
    """Serves the demo's data from a temporary folder and writes a picture a page."""
    DOCS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/demo.db"
        upgrade(url)
        accounts = asyncio.run(fill(url))
        app = create_app(Settings.model_validate({"database_url": url, "worker_seconds": 0}))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=PORT, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            thread.join(0.02)
        take(Clinic(f"http://127.0.0.1:{PORT}", accounts))
        server.should_exit = True
        thread.join()


def take(clinic: Clinic) -> None:
    """Every shot in light, the first three in dark too."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=ARGUMENTS)
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": 1280, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
                locale="en-GB",
            )
            page = context.new_page()
            sign_in(page, clinic, "clinician")
            for name, where in list(SHOTS.items())[: 3 if scheme == "dark" else None]:
                page.goto(clinic.url + (where if where.startswith("/") else f"/clinic?q={where.replace(' ', '+')}"))
                if not where.startswith("/"):
                    page.get_by_role("link", name=re.compile(where)).first.click()
                    page.locator("#chart svg").first.wait_for()
                page.wait_for_load_state("networkidle")
                page.screenshot(path=DOCS / f"{name}{'-dark' if scheme == 'dark' else ''}.png")
            context.close()
        for width in (1280, *WIDTHS):
            take_of_patient(browser, clinic, width)
        browser.close()


def take_of_patient(browser: Browser, clinic: Clinic, width: int) -> None:
    """The pages of one patient, and those of the admin, at a width."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, clinic, "admin")
    page.goto(f"{clinic.url}/clinic?q=Ada+Berger")
    page.locator(".person").first.click()
    home = page.get_by_role("heading", level=1).get_by_role("link").get_attribute("href") or ""
    places = {name: home + part for name, part in OF_PATIENT.items()}
    places |= {name: where.format(home=home) for name, where in OF_ADMIN.items()}
    places |= {} if width == 1280 else {"list": "/clinic", "grid": "/clinic/calendar/grid", "queue": "/clinic/reviews"}
    for name, where in places.items():
        page.goto(clinic.url + where)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=DOCS / f"{name}{'' if width == 1280 else f'-{width}'}.png", full_page=width < 1280)
    context.close()


if __name__ == "__main__":
    main()
