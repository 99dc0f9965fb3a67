"""An entry that waits is sent by the worker once there is a connection, with the app closed; under a PIN it stays closed."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.phone.clinic import ClinicOfOne, Phone, day
from tests.browser.phone.test_keeping import WAITS

REGISTER = "SyncManager.prototype.register"
TOLD = f"""() => {{
  const register = {REGISTER};
  {REGISTER} = function (tag) {{ window.asked = tag; return register.call(this, tag); }};
}}"""


def close_with_one_waiting(phone: Phone, service: ClinicOfOne) -> Page:
    """The app closed over an entry that the server, away, could not take; the server back, another page open."""
    phone.page.evaluate(TOLD)
    service.stop()
    phone.pain(6).click()
    phone.save().says(WAITS)
    while phone.page.evaluate("window.asked") != "send":  # the page's policy lets no text be run while one waits
        phone.page.wait_for_timeout(20)
    other = phone.context.new_page()
    phone.page.close()
    service.start()
    other.goto(f"{service.url}/healthz")
    return other


def connected_again(page: Page, url: str) -> None:
    """What the browser tells the worker when it has a connection; how long it takes to is the browser's choice."""
    told: list[str] = []
    session = page.context.new_cdp_session(page)
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda e: told.extend(one["registrationId"] for one in e["registrations"]),
    )
    session.send("ServiceWorker.enable")
    while not told:
        page.wait_for_timeout(20)
    event = {"origin": url, "registrationId": told[-1], "tag": "send", "lastChance": False}
    session.send("ServiceWorker.dispatchSyncEvent", event)


def test_what_waits_is_sent_while_the_app_is_closed(new_phone: Callable[..., Phone], service: ClinicOfOne) -> None:
    phone = new_phone(background=True).sign_in().keeps_itself()
    connected_again(close_with_one_waiting(phone, service), service.url)
    assert service.taken(day())["pain"][0]["average"] == 6
    phone.heard[:] = [text for text in phone.heard if "ERR_" not in text]  # of the server that was away


def test_under_a_pin_nothing_is_sent_until_it_is_opened(new_phone: Callable[..., Phone], service: ClinicOfOne) -> None:
    phone = new_phone(background=True).sign_in().keeps_itself()
    phone.page.evaluate("import('/app/store.js').then((one) => one.setPin('135790'))")
    page = close_with_one_waiting(phone, service)
    connected_again(page, service.url)
    time.sleep(0.5)
    assert service.entry(day()) is None
    page.goto(f"{service.url}/app")
    page.get_by_label("PIN").fill("135790")
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator("#status")).to_have_text("Saved")
    assert service.entry(day())["pain"][0]["average"] == 6
    phone.heard[:] = [text for text in phone.heard if "ERR_" not in text]
