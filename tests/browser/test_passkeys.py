"""A passkey is made and used in a real browser, whose authenticator is the browser's own software one."""

from contextlib import closing

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.serving import Clinic

pytestmark = pytest.mark.unmeasured
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_made_and_signs_in_and_is_taken_off(browser: Browser, clinic: Clinic) -> None:
    account, url = clinic.account("admin"), clinic.url.replace("127.0.0.1", "localhost")
    with closing(browser.new_context()) as context:
        page = context.new_page()
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(f"{url}/clinic/account")
        page.get_by_label("Name").fill(account.username)
        page.get_by_label("Password").fill(account.password)
        page.get_by_role("button", name="Sign in").click()
        making = page.locator("#passkey")
        making.get_by_label("Its name").fill("laptop")
        making.get_by_label("Your password").fill("a wrong one")
        making.get_by_role("button").click()
        expect(making.get_by_role("alert")).to_contain_text("is not the one that you sign in with")
        making.get_by_label("Your password").fill(account.password)
        making.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Recovery codes", exact=True)).to_be_visible()
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url(f"{url}/clinic")
        page.goto(f"{url}/clinic/account")
        page.get_by_text("Remove", exact=True).click()
        page.locator("details[open]").get_by_label("Your password").fill(account.password)
        page.get_by_role("button", name="Remove laptop").click()
        expect(page.get_by_text("It is removed.")).to_be_visible()
