"""Nothing that was written is lost: not by a sign-in that ran out, a sign-out, an update, a wrong clock or a full phone."""

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from app.doors.phone.assets import assets
from tests.browser.phone.clinic import ClinicOfOne, Phone, day
from tests.support import PASSWORD

WAITS = "Waiting for a connection: 1"


def write_offline(phone: Phone, score: int = 6) -> Phone:
    phone.sign_in().keeps_itself().offline()
    phone.pain(score).click()
    return phone.save().says(WAITS)


def sign_in_again(phone: Phone, who: str = "ada") -> None:
    phone.page.get_by_label("Username").fill(who)
    phone.page.get_by_label("Password").fill(PASSWORD)
    phone.page.get_by_role("button", name="Sign in", exact=True).click()


def end_sign_ins(service: ClinicOfOne) -> None:
    for one in service("ada", "GET", "/v1/me/sessions")["items"]:
        if not one["current"]:
            service("ada", "DELETE", f"/v1/me/sessions/{one['id']}")


def test_a_sign_in_that_ran_out_keeps_what_waits_and_asks(phone: Phone, service: ClinicOfOne) -> None:
    write_offline(phone)
    end_sign_ins(service)
    phone.offline(False).says("Sign in again to send what waits: 1")
    phone.page.get_by_role("link", name="Sign in again").click()
    sign_in_again(phone)
    phone.says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 6
    phone.heard.clear()  # the 401 that told it


def test_signing_out_asks_first_where_something_waits(phone: Phone, service: ClinicOfOne) -> None:
    write_offline(phone)
    phone.page.get_by_role("link", name="More").click()
    phone.page.get_by_role("button", name="Sign out").click()
    phone.page.get_by_role("button", name="Stay signed in").click()
    phone.offline(False).says("Saved")
    phone.page.get_by_role("button", name="Sign out").click()
    expect(phone.page.get_by_label("Username")).to_be_visible()
    left = phone.page.evaluate(
        """async () => {
          const { all } = await import("/app/store.js");
          return [await all("days"), await all("meta")];
        }"""
    )
    assert left == [[], []]
    sessions = service("ada", "GET", "/v1/me/sessions")["items"]
    assert [one["current"] for one in sessions] == [True]  # the phone's is over at the service too


def test_somebody_elses_entries_are_not_sent_as_ones_own(phone: Phone, service: ClinicOfOne) -> None:
    write_offline(phone)
    new = {"name": "Bea", "born_on": "1960-01-01", "time_zone": "UTC"}
    bea = service("cleo", "POST", "/v1/patients", json=new)["id"]
    code = service("cleo", "POST", f"/v1/patients/{bea}/invitations")["code"]
    service.client.post(
        f"{service.url}/v1/invitations/{code}/accept", json={"username": "bea", "password": PASSWORD}
    ).raise_for_status()
    end_sign_ins(service)
    phone.offline(False).says("Sign in again to send what waits: 1")
    phone.page.get_by_role("link", name="Sign in again").click()
    sign_in_again(phone, "bea")
    phone.page.get_by_role("button", name="Back", exact=True).click()
    sign_in_again(phone)
    phone.says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 6
    assert service("cleo", "GET", f"/v1/patients/{bea}/diary")["items"] == []
    phone.heard.clear()


def test_an_update_leaves_what_waits(phone: Phone, service: ClinicOfOne) -> None:
    write_offline(phone)
    made = assets()["worker.js"]
    newer = made.content.replace(b'const VERSION = "', b'const VERSION = "0')
    assets()["worker.js"] = replace(made, content=newer, tag='"newer"', packed=gzip.compress(newer))
    try:
        service.stop()
        service.start()
        phone.page.evaluate("navigator.serviceWorker.getRegistration('/app').then((one) => { window.one = one; })")
        phone.context.set_offline(False)
        phone.says("Saved")
        phone.page.evaluate("window.one.update()")
        phone.page.wait_for_function("caches.keys().then((all) => all.length === 1 && all[0].startsWith('app 0'))")
    finally:
        assets()["worker.js"] = made
    assert service.entry(day())["pain"][0]["average"] == 6
    phone.page.reload()
    expect(phone.pain(6)).to_have_attribute("aria-pressed", "true")


def test_a_browser_that_keeps_nothing_says_so_and_still_sends(phone: Phone, service: ClinicOfOne) -> None:
    phone.context.add_init_script("indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); };")
    phone.sign_in()
    phone.pain(3).click()
    phone.save().says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 3
    phone.offline()
    phone.pain(4).click()
    phone.save().says("This browser keeps nothing on the phone. Stay on this page until it says Saved.")
    phone.offline(False).says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 4


def test_a_full_phone_says_that_nothing_was_kept(phone: Phone) -> None:
    phone.sign_in()
    phone.pain(3).click()
    phone.page.evaluate(
        """() => { IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); }; }"""
    )
    phone.save().says(re.compile("^The storage of this phone is full"))


def test_a_full_phone_says_so_at_the_first_tap(phone: Phone) -> None:
    phone.sign_in()
    phone.page.evaluate(
        """() => { IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); }; }"""
    )
    phone.pain(3).click()
    phone.says(re.compile("^The storage of this phone is full"))
    again = """async () => (await import("/app/status.js")).refreshStatus()"""  # as each sending ends
    phone.page.evaluate(again)
    phone.says(re.compile("^The storage of this phone is full"))
    phone.page.evaluate("""async () => (await import("/app/status.js")).isKept("2020-01-01")""")  # of another day
    phone.page.evaluate(again)
    phone.says(re.compile("^The storage of this phone is full"))
    phone.page.evaluate("""async () => (await import("/app/status.js")).forgetUnkept()""")  # as whoever leaves does
    phone.page.evaluate(again)
    phone.says("")


def test_a_clock_that_is_a_day_off_is_put_right(new_phone: Callable[..., Phone], service: ClinicOfOne) -> None:
    for ahead in (1, -1):
        phone = new_phone()
        phone.context.clock.install(time=datetime.now(UTC) + timedelta(days=ahead))
        phone.sign_in()
        expect(phone.page.get_by_text(re.compile("The clock of this phone is set wrong"))).to_be_visible()
        phone.pain(5 + ahead).click()
        phone.save().says("Saved")
        assert service.entry(day())["pain"][0]["average"] == 5 + ahead
        assert service.entry(day(-1)) is None


def test_the_day_is_that_of_where_the_phone_is(new_phone: Callable[..., Phone], service: ClinicOfOne) -> None:
    for zone, offset in (("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)):
        there = (datetime.now(UTC) + timedelta(hours=offset)).date()
        phone = new_phone(timezone_id=zone).sign_in()
        phone.pain(abs(offset) % 11).click()
        phone.save().says("Saved")
        assert service.entry(there)["pain"][0]["average"] == abs(offset) % 11


def test_a_pin_seals_what_lies_on_the_phone(phone: Phone, service: ClinicOfOne, tmp_path: Path) -> None:
    phone.sign_in()
    phone.page.get_by_label("Note", exact=True).fill("nobody's business")
    phone.save().says("Saved")
    phone.page.get_by_role("link", name="More").click()
    phone.page.get_by_role("link", name="Lock on this phone").click()
    phone.page.get_by_label("New PIN").fill("4711")
    phone.page.get_by_label("The same once more").fill("4711")
    phone.page.get_by_role("button", name="Set the PIN").click()
    expect(phone.page.get_by_role("alert")).to_have_text("At least 6 figures.")
    phone.page.get_by_label("New PIN").fill("471147")
    phone.page.get_by_label("The same once more").fill("471148")
    phone.page.get_by_role("button", name="Set the PIN").click()
    expect(phone.page.get_by_role("alert")).to_have_text("The two are not the same.")
    phone.page.get_by_label("The same once more").fill("471147")
    phone.page.get_by_role("button", name="Set the PIN").click()
    expect(phone.page.get_by_role("heading", name="More")).to_be_visible()
    raw = """() => new Promise((resolve) => {
      const open = indexedDB.open("reprieve");
      open.onsuccess = () => {
        const asked = open.result.transaction("days").objectStore("days").getAll();
        asked.onsuccess = () => resolve(JSON.stringify(asked.result));
      };
    })"""
    assert "business" not in phone.page.evaluate(raw)
    phone.open().page.reload()
    phone.page.get_by_label("PIN").fill("000000")
    phone.page.get_by_role("button", name="Unlock").click()
    expect(phone.page.get_by_role("alert")).to_have_text("That is another PIN.")
    phone.page.get_by_label("PIN").fill("471147")
    phone.page.get_by_role("button", name="Unlock").click()
    expect(phone.page.get_by_label("Note", exact=True)).to_have_value("nobody's business")
    phone.pain(2).click()
    phone.save().says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 2
