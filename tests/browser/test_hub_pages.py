"""The pages of one patient and of the clinic's admin in a real browser: at each width, by keyboard, after a lost sign-in."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from app.doors.pages.tongue import COOKIE as LANGUAGE
from tests.browser.conftest import sign_in
from tests.browser.serving import Clinic

pytestmark = pytest.mark.unmeasured
Opens = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, clinic: Clinic) -> Iterator[Opens]:
    """A page of somebody at a width; whatever its console complains of fails the test."""
    contexts, heard = [], list[str]()

    def make(role: str, width: int, language: str = "en") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
        context.set_default_timeout(60_000)
        context.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
        contexts.append(context)
        page = context.new_page()
        sign_in(page, clinic, role)
        context.add_cookies([{"name": LANGUAGE, "value": language, "url": clinic.url}])
        return page

    yield make
    for one in contexts:
        with closing(one):
            pass
    assert [text for text in heard if "status of 4" not in text] == []


def home(page: Page, clinic: Clinic, name: str = "Ada Berger") -> str:
    """The address of a patient's pages."""
    page.goto(f"{clinic.url}/clinic?q={name.replace(' ', '+')}")
    page.locator(".person").first.click()
    address = page.get_by_role("heading", level=1).get_by_role("link").get_attribute("href")
    return f"{clinic.url}{address}"


def day(page: Page, address: str) -> str:
    """The newest day of the diary that has an entry."""
    page.goto(f"{address}/diary")
    newest = page.locator(".facts a.on")
    if not newest.count():
        page.locator("a[rel=prev]").click()
    return (newest.first.get_attribute("href") or "").rpartition("/")[2]


def test_the_picture_is_drawn_for_the_width(opened: Opens, clinic: Clinic) -> None:
    page = opened("clinician", 390)
    page.goto(home(page, clinic))
    drawn = page.locator(".current img")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("e => e.decode().then(() => e.currentSrc)").endswith("fit=narrow")
    assert drawn.evaluate("e => e.naturalWidth") < 400, "so that its words are as large as they were drawn"


def test_the_menu_opens_by_keyboard_on_a_small_screen(opened: Opens, clinic: Clinic) -> None:
    page = opened("scheduler", 390)
    expect(page.get_by_role("link", name="Calendar")).to_be_hidden()
    page.locator("summary", has_text="Menu").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Calendar").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clinic/calendar$"))


def not_on_the_sign_in_page(asked: Route) -> None:
    """Whoever signs in is quicker than the page's later scripts."""
    if "/clinic/sign-in" in asked.request.headers.get("referer", ""):
        asked.fulfill(body="", content_type="text/javascript")
    else:
        asked.continue_()


@pytest.mark.parametrize("quick", [False, True])
def test_what_was_typed_outlives_a_sign_in_that_ran_out(opened: Opens, clinic: Clinic, quick: bool) -> None:
    page = opened("clinician", 1280)
    if quick:
        page.route("**/forms.js", not_on_the_sign_in_page)
    of = home(page, clinic, "Felix Graf")
    page.goto(f"{of}/events/new")
    page.get_by_label("What happened").select_option("injury")
    page.get_by_label("Day", exact=True).fill("2026-01-08")
    page.get_by_label("Note").fill("fell on the stairs")
    page.context.clear_cookies()
    page.get_by_role("button", name="Record").click()
    page.get_by_label("Name").fill(clinic.account("clinician").username)
    page.get_by_label("Password").fill(clinic.account("clinician").password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{of}/events/new")
    expect(page.get_by_label("Note")).to_have_value("fell on the stairs")
    expect(page.get_by_label("What happened")).to_have_value("injury")
    expect(page.get_by_text("You had been signed out")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("")


def test_a_double_click_records_once(opened: Opens, clinic: Clinic) -> None:
    page = opened("clinician", 1280)
    of = home(page, clinic, "Hugo Iten")
    page.goto(f"{of}/events/new")
    page.get_by_label("What happened").select_option("new_pain")
    page.get_by_label("Day", exact=True).fill("2026-01-09")
    page.get_by_label("Note").fill("in the knee")
    page.get_by_role("button", name="Record").dblclick()
    page.wait_for_url(re.compile("/treatments#"))
    page.reload()
    expect(page.get_by_text("new pain · in the knee")).to_have_count(1)


def test_a_day_is_written_for_the_patient_with_the_keyboard(opened: Opens, clinic: Clinic) -> None:
    page = opened("clinician", 1280)
    of = home(page, clinic, "Ines Jost")
    page.goto(f"{of}/diary")
    page.get_by_role("link", name="Month before").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("month="))
    page.locator(".month a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/diary/\d{4}-\d\d-01$"))
    page.locator("summary", has_text=re.compile("Write the entry|Correct the entry")).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Note", exact=True).focus()
    page.keyboard.type("told by phone")
    page.get_by_label("Average").first.fill("3")
    page.get_by_label("Worst").first.fill("5")
    page.get_by_role("button", name=re.compile("Record|Keep")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator(".card.day").first).to_contain_text("told by phone")


def test_an_appointment_is_moved_in_the_grid_with_the_keyboard(opened: Opens, clinic: Clinic) -> None:
    page = opened("scheduler", 1280)
    page.goto(f"{clinic.url}/clinic/calendar/grid")
    movable, free = page.locator(".cell[data-appointment]"), page.locator(".cell[data-free]")
    turn_to(page, movable)
    name = movable.first.locator("strong").inner_text()
    movable.first.focus()
    page.keyboard.press("m")
    expect(page.locator("#moving")).to_contain_text("Moving")
    turn_to(page, free)
    expect(page.locator("#moving")).to_contain_text("choose a free slot")
    free.first.focus()
    page.keyboard.press("m")
    expect(page.get_by_label("Why it is moved")).to_be_focused()
    page.keyboard.type("asked for another time")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clinic/appointments/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_an_appointment_is_moved_in_the_grid_by_dragging(opened: Opens, clinic: Clinic) -> None:
    page = opened("scheduler", 1280)
    page.goto(f"{clinic.url}/clinic/calendar/grid")
    turn_to(page, page.locator(".cell[data-appointment]"))
    movable = page.locator(".cell[data-appointment]").first
    which, name = movable.get_attribute("data-appointment"), movable.locator("strong").inner_text()
    slot = a_free_slot_later(clinic, str(which))
    page.reload()
    booked = page.locator(f'.cell[data-appointment="{which}"]')
    assert booked.get_attribute("draggable") == "true"
    # a headless browser waits for ever for the machine's own dragging: what it would tell the page is told to it
    held = page.evaluate_handle("new DataTransfer()")
    booked.dispatch_event("dragstart", {"dataTransfer": held})
    expect(page.locator("#moving")).to_contain_text("Moving")
    free = page.locator(f'.cell[data-slot="{slot}"]')
    assert not free.evaluate("to => to.dispatchEvent(new DragEvent('dragover', {cancelable: true}))"), "takes it"
    taken = booked.evaluate("to => to.dispatchEvent(new DragEvent('dragover', {cancelable: true}))")
    assert taken, "what is booked takes nothing"
    free.dispatch_event("drop", {"dataTransfer": held})
    expect(page.get_by_label("Why it is moved")).to_be_focused()
    page.keyboard.type("asked for a later hour")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clinic/appointments/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    with httpx.Client(base_url=clinic.url, headers=signed_in(clinic)) as client:
        stand = [one for one in client.get("/v1/appointments?limit=200").json()["items"] if one["slot_id"] == slot]
    assert [one["state"] for one in stand] == ["booked"]


def signed_in(clinic: Clinic) -> dict[str, str]:
    who = clinic.account("scheduler")
    shown = {"username": who.username, "password": who.password}
    token = httpx.post(f"{clinic.url}/v1/token", data=shown).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def a_free_slot_later(clinic: Clinic, appointment: str) -> str:
    """Of the same clinician, on the day of an appointment."""
    with httpx.Client(base_url=clinic.url, headers=signed_in(clinic)) as client:
        every = client.get("/v1/appointments?limit=200").json()["items"]
        booked = next(one for one in every if one["id"] == appointment)
        at = datetime.fromisoformat(booked["starts_at"]) + timedelta(hours=5)
        same = {name: booked[name] for name in ("clinician_id", "kind", "location")}
        made = client.post("/v1/slots", json={**same, "starts_at": at.isoformat(), "minutes": 20, "room": "Room 9"})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


def turn_to(page: Page, what: Locator) -> None:
    """The first week from this one on that has such a slot."""
    for _ in range(20):
        page.wait_for_load_state("networkidle")
        if what.count():
            return
        page.get_by_role("link", name="After", exact=True).click()
    raise AssertionError("no week has one")
