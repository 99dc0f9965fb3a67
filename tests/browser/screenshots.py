"""Takes the screenshots of the documents, from the demo's clinic in a real browser.

python -m tests.browser.screenshots
"""

import re
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.conftest import sign_in
from tests.browser.serving import Clinic, demo

DOCS = Path(__file__).parents[2] / "docs" / "pages"
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
    with demo() as clinic:
        take(clinic)


def take(clinic: Clinic) -> None:
    """Every shot in light, the first three in dark too."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
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
