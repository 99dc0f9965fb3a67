"""What the phone's app costs a slow phone on a slow line, and a thousand days that two phones write at once.

python -m tests.benchmarks.phone [days]
"""

import sys
import tempfile
import time
from statistics import median

from playwright.sync_api import Browser, CDPSession, Playwright, sync_playwright
from rich.console import Console
from rich.table import Table

from app.base.store.migrate import upgrade
from tests.aside import aside
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.phone.clinic import ClinicOfOne, Phone, day, served
from tests.browser.phone.interleavings import days_before, interleave

SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4  # times, than this machine's processor
TIMES = 7
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
READY = """() => new Promise((resolve) => {
  const look = () => document.querySelector(".scores button") ? resolve(performance.now()) : requestAnimationFrame(look);
  look();
})"""


def new_phone(browser: Browser, service: ClinicOfOne) -> tuple[Phone, CDPSession]:
    phone = Phone(
        browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", timezone_id="UTC"), service
    )
    tools = phone.context.new_cdp_session(phone.page)
    tools.send("Network.enable")
    return phone, tools


def slow(tools: CDPSession, *, line: bool) -> None:
    if line:
        tools.send("Network.emulateNetworkConditions", SLOW_4G)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def first_visit(browser: Browser, service: ClinicOfOne) -> tuple[float, float, float]:
    """Milliseconds to the first paint; compressed kilobytes until the sign-in stands, and until the whole app is kept."""
    phone, tools = new_phone(browser, service)
    slow(tools, line=True)
    sizes: list[float] = []
    tools.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    phone.open()
    phone.page.wait_for_selector("#language")
    painted, first = phone.page.evaluate(PAINTED), sum(sizes)
    phone.context.close()
    return float(painted), first / 1000, (first + kept_later(service)) / 1000


def kept_later(service: ClinicOfOne) -> int:
    """Compressed bytes of what the worker keeps beside what the page has loaded: it asks for that again, and has it."""
    answer = service.client.get(f"{service.url}/app/rules.json", headers={"Accept-Encoding": "gzip"})
    return int(answer.headers["Content-Length"])


def from_cache(browser: Browser, service: ClinicOfOne) -> float:
    """Milliseconds from opening the app, kept on a slow phone, to buttons that take a touch."""
    phone, tools = new_phone(browser, service)
    phone.sign_in().keeps_itself()
    slow(tools, line=False)
    spent = []
    for _ in range(TIMES):
        phone.page.reload(wait_until="commit")
        spent.append(phone.page.evaluate(READY))
    phone.context.close()
    return float(median(spent))


def many_days(browser: Browser, service: ClinicOfOne, days: int) -> tuple[int, float]:
    """How many days of so many went wrong, and the seconds that it took."""
    phones = [new_phone(browser, service)[0].sign_in() for _ in range(2)]
    begun = time.perf_counter()
    wrong = interleave(phones, service, days=days_before(day(), days), seed=7)
    for one in wrong[:3]:
        print(one)
    return len(wrong), time.perf_counter() - begun


def measure(playwright: Playwright, days: int) -> Table:
    table = Table(title="The phone")
    for heading in ("what", "measured", "aim"):
        table.add_column(heading)
    browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/phone.db"
        aside(lambda: upgrade(url))
        with served(url) as service:
            visits = [first_visit(browser, service) for _ in range(TIMES)]
            painted, first, kept = (median(column) for column in zip(*visits, strict=True))
            table.add_row("first paint, slow 4G, 4 times slower processor", f"{painted:.0f} ms", "1 000 ms")
            table.add_row("compressed, until the sign-in stands", f"{first:.0f} kB", "60 kB")
            table.add_row("compressed, until the whole app is kept", f"{kept:.0f} kB", "at most 150 kB")
            table.add_row(
                "entry from cache, 4 times slower processor", f"{from_cache(browser, service):.0f} ms", "300 ms"
            )
            wrong, spent = many_days(browser, service, days)
            table.add_row(f"{days} days by two phones on a bad line", f"{wrong} wrong, {spent:.0f} s", "0")
    browser.close()
    return table


def main() -> None:
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with sync_playwright() as playwright:
        Console(width=110).print(measure(playwright, days))


if __name__ == "__main__":
    main()
