"""Takes pictures of every screen of the phone, at three widths, light and dark, for `docs/phone`.

python -m tests.browser.phone.pictures
"""

import base64
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from app.base.store.migrate import upgrade
from tests.aside import aside
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.phone.clinic import OUTSIDE, SCREENS, ClinicOfOne, Phone, day, live_in, served

DOCS = Path(__file__).parents[3] / "docs" / "phone"
WIDTHS = {320: 640, 390: 844, 820: 1180}  # and the heights of such devices
ALONE = ("today", "course", "calendar")  # also as a picture of their own
COLUMNS = {320: 7, 390: 6, 820: 4}


def main() -> None:
    """One sheet of all screens for each width and scheme, and the three that the README shows."""
    DOCS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        url = f"sqlite+aiosqlite:///{folder}/phone.db"
        aside(lambda: upgrade(url))
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        with served(url) as service:
            live_in(service)
            for scheme in ("light", "dark"):
                for width, height in WIDTHS.items():
                    take(browser, service, scheme=scheme, size=(width, height))
        browser.close()


def take(browser: Browser, service: ClinicOfOne, *, scheme: str, size: tuple[int, int]) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )
    phone, shots = Phone(context, service), []
    for screen in OUTSIDE:
        phone.open(f"/{screen}").page.wait_for_load_state("networkidle")
        shots.append((screen, phone.page.screenshot()))
    phone.sign_in()
    for screen in SCREENS:
        phone.open(f"/{screen.format(before=day(-1))}")
        phone.page.wait_for_load_state("networkidle")
        phone.page.wait_for_timeout(250)
        shots.append((screen.split("/")[0], phone.page.screenshot()))
    context.close()
    if scheme == "light" and width == 390:
        for name, shot in shots:
            if name in ALONE:
                (DOCS / f"{name}.png").write_bytes(shot)
    sheet(browser, shots, into=DOCS / f"{width}-{scheme}.jpg", columns=COLUMNS[width])


def sheet(browser: Browser, shots: list[tuple[str, bytes]], *, into: Path, columns: int) -> None:
    """All pictures on one, each with its name."""
    figures = "".join(
        f'<figure><img src="data:image/png;base64,{base64.b64encode(shot).decode()}">'
        f"<figcaption>{name}</figcaption></figure>"
        for name, shot in shots
    )
    style = (
        f"body{{margin:16px;background:#888;display:grid;gap:16px;grid-template-columns:repeat({columns},1fr);"
        "font:14px sans-serif;width:1600px}figure{margin:0}img{width:100%}figcaption{text-align:center}"
    )
    page = browser.new_page(viewport={"width": 1632, "height": 900})
    page.set_content(f"<style>{style}</style>{figures}")
    page.screenshot(path=into, full_page=True, type="jpeg", quality=70)
    page.close()


if __name__ == "__main__":
    main()
