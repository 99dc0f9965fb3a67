"""The clinic's pages in a real browser: by keyboard, without script, in both schemes, and what axe finds."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.doors.demo.people import PEOPLE
from tests.browser.conftest import sign_in
from tests.browser.serving import Clinic

pytestmark = pytest.mark.unmeasured
ORDER = [
    "red flag",
    "return",
    "return likely",
    "no baseline",
    "no relief",
    "look at soon",
    "silent diary",
    "follow-up due",
    "answered",
    "settling",
    "in relief",
    "nothing to do",
]
COURSES = ["Ada Berger", "Bruno Keller", "Dario Rossi", "Felix Graf", "Greta Huber", "Hugo Iten", "Ines Jost"]
PAGES = ["Ada Berger", "Felix Graf", "error", "/clinic/flags?show=held"]  # beside those of test_every_page


def open_procedure(page: Page, clinic: Clinic, name: str) -> None:
    page.goto(f"{clinic.url}/clinic?q={name.replace(' ', '+')}")
    page.get_by_role("link", name=re.compile(name)).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    page.wait_for_load_state()  # the heading is there before the style sheet, and a page without it is wider


def test_the_list_begins_with_who_needs_a_look(page: Page, clinic: Clinic) -> None:
    badges = page.locator(".person .badge").all_inner_texts()
    assert [ORDER.index(b) for b in badges] == sorted(ORDER.index(b) for b in badges)
    assert badges[:2] == ["red flag", "return"]
    assert page.locator(".person").count() == len(PEOPLE)


def test_the_list_goes_by_keyboard(page: Page, clinic: Clinic) -> None:
    names = page.locator(".person strong").all_inner_texts()
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(names[1])
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.type("Greta")
    page.keyboard.press("Enter")
    expect(page.locator(".person")).to_have_count(1)
    expect(page.locator(".why")).to_contain_text("hidden under a rising dose")
    assert "q=Greta" in page.url


def test_filters_stand_in_the_address(page: Page, clinic: Clinic) -> None:
    page.get_by_label("Needs").select_option("no_relief")
    page.wait_for_url(re.compile("need=no_relief"))
    expect(page.locator(".person strong")).to_have_text(["Elsa Frei", "Sven Thoma"])
    page.get_by_label("Region").select_option("cervical")
    page.wait_for_url(re.compile("region=cervical"))
    expect(page.locator(".empty")).to_contain_text("Nobody fits")


@pytest.mark.parametrize(
    "name", ["Ada Berger", "Bruno Keller", "Dario Rossi", "Felix Graf", "Greta Huber", "Hugo Iten", "Ines Jost"]
)
def test_a_procedure_draws_its_chart(page: Page, clinic: Clinic, name: str) -> None:
    open_procedure(page, clinic, name)
    chart = page.locator("#chart svg.marks, #chart .marks svg, #chart svg")
    expect(chart.first).to_be_visible()
    expect(page.locator("#chart [role=img]")).to_have_attribute("aria-label", re.compile("Daily pain scores"))
    expect(page.locator(".answer")).to_contain_text("days ago")
    dots = page.locator("#chart .mark-symbol path").evaluate_all("all => all.map(one => one.getBoundingClientRect().x)")
    if name != "Dario Rossi":  # the first days have few
        assert max(dots) - min(dots) > 500


def test_the_slider_shows_what_was_known_then(page: Page, clinic: Clinic) -> None:
    open_procedure(page, clinic, "Ada Berger")
    expect(page.locator(".answer")).to_contain_text("pain returned")
    slider = page.locator("#day")
    expect(slider).to_be_visible()
    slider.focus()
    slider.fill("150")
    expect(page.locator(".past")).to_contain_text("As it was known on")
    expect(page.locator(".answer")).to_contain_text("150 days ago")
    expect(page.locator(".answer")).not_to_contain_text("pain returned")
    assert "known_on=" in page.url


def test_it_reads_without_script(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, clinic, "clinician")
    open_procedure(page, clinic, "Ada Berger")
    expect(page.locator(".answer")).to_contain_text("pain returned")
    image = page.locator("#chart img")
    assert image.evaluate("i => i.decode().then(() => i.naturalWidth > 300)")  # once it has come
    assert "Daily pain scores" in (image.get_attribute("alt") or "")
    page.locator("#known_on").fill((page.locator("#known_on").get_attribute("min") or "")[:8] + "30")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".past")).to_be_visible()
    context.close()


def test_a_procedure_is_recorded_in_a_form(page: Page, clinic: Clinic) -> None:
    page.get_by_role("link", name="New patient").click()
    page.get_by_label("Name").fill("Wanda Neu")
    page.get_by_label("Born on").fill("1970-02-03")
    page.get_by_role("button", name="Record").click()
    page.get_by_role("link", name="Record a procedure").first.click()
    page.get_by_label("Day", exact=True).fill("2026-03-02")
    page.get_by_label("Region").select_option("lumbar")
    page.get_by_label("Side").select_option("left")
    page.get_by_label("L4-5").check()
    page.get_by_label("L5-S1").check()
    expect(page.locator("#nerves")).to_have_text("Nerves: L3, L4, L5 dorsal ramus")
    expect(page.get_by_label("C4-5")).to_be_hidden()
    page.get_by_label("Pain before").fill("7.25")
    page.get_by_label("Pain before").evaluate("i => i.form.noValidate = true")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("alert")).to_contain_text("Pain before, 0 to 10: a score goes in steps of 0.5")
    expect(page.get_by_label("L4-5")).to_be_checked()
    page.get_by_label("Pain before").fill("7.5")
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".answer")).to_contain_text("Left L4-S1")
    page.get_by_role("link", name="Correct this procedure").click()
    page.get_by_label("Side").select_option("right")
    page.get_by_label("Why it is corrected").fill("the wrong side")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator(".answer")).to_contain_text("Right L4-S1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", PAGES)
def test_axe_finds_nothing(page: Page, clinic: Clinic, where: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    if where == "error":
        page.goto(f"{clinic.url}/clinic/procedures/0199a3c4-7d00-7a00-8000-000000000001")
    elif where.startswith("/"):
        page.goto(clinic.url + where)
    else:
        open_procedure(page, clinic, where)
        expect(page.locator("#chart svg").first).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_it_fits_a_tablet(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(viewport={"width": 768, "height": 1024})
    page = context.new_page()
    sign_in(page, clinic, "clinician")
    for where in ("/clinic", "Ada Berger"):
        page.goto(clinic.url + where) if where.startswith("/") else open_procedure(page, clinic, where)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_a_patient_is_led_away(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context()
    page = context.new_page()
    account = clinic.account("patient")
    page.goto(f"{clinic.url}/clinic")
    page.get_by_label("Name").fill(account.username)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("for the clinic's staff")
    context.close()


def test_the_schedulers_day_goes_by_keyboard(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, clinic, "scheduler")
    page.goto(f"{clinic.url}/clinic/reviews")
    name = page.locator(".person strong").first.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator(".badge").first).to_have_text("opened")

    def press(field: str, key: str, button: str) -> None:
        page.locator(field).focus()
        page.keyboard.type(key)
        page.get_by_role("button", name=button, exact=True).focus()
        page.keyboard.press("Enter")

    press("[name=check_patient_asked]", "yes", "Keep, and make it mine")
    expect(page.locator(".badge").first).to_have_text("in work")
    expect(page.locator("[name=check_patient_asked]")).to_have_value("yes")
    page.get_by_role("button", name="Propose", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".badge").first).to_have_text("proposed")
    page.get_by_role("button", name="Book", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".badge").first).to_have_text("booked")
    expect(page.get_by_role("status")).to_contain_text("Room 2")
    page.locator("[name=decision]").focus()
    page.keyboard.type("repeat")
    press("form[action$=decide] [name=reason]", "relief of nine months has ended", "Decide")
    expect(page.get_by_role("status").first).to_contain_text("repeat the procedure")
    page.goto(f"{clinic.url}/clinic/reviews?owner=me")
    expect(page.locator(".empty")).to_be_visible()
    context.close()


def test_flags_are_worked_by_keyboard(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, clinic, "scheduler")
    page.get_by_role("link", name="Flags").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Flags")
    mine = page.locator(".flag", has_text="Mara Noll")
    expect(mine).to_contain_text("follow-up missed: 6 to 8 weeks")
    mine.get_by_role("button", name="I have it").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".flag", has_text="Mara Noll")).to_contain_text("scheduler has it")
    page.get_by_role("textbox", name=re.compile("What was done: Mara Noll")).focus()
    page.keyboard.type("called her; she is well")
    with page.expect_navigation():  # while the old page goes there is no flag either, and a choice made on it is lost
        page.keyboard.press("Enter")
    expect(page.locator(".flag", has_text="Mara Noll")).to_have_count(0)
    page.get_by_label("Show").select_option("over")
    expect(page.locator(".flag", has_text="Mara Noll")).to_contain_text("called her; she is well")
    context.close()


def test_many_reviews_are_worked_by_keyboard_and_it_is_undone(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, clinic, "scheduler")
    page.goto(f"{clinic.url}/clinic/reviews?state=opened")
    count = page.locator(".person").count()
    assert count >= 2
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("input[name=review_id]:checked")).to_have_count(2)
    expect(page.get_by_label("Reason")).to_be_hidden()
    page.locator("#many [name=step]").select_option("wait")
    expect(page.get_by_label("Hand to", exact=True)).to_be_hidden()
    page.get_by_label("Reason").fill("after the holidays")
    page.get_by_label("Wait until").fill(f"{datetime.now(UTC).date() + timedelta(days=30)}")
    page.get_by_role("button", name="Do it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Done with 2 reviews")
    expect(page.locator(".person")).to_have_count(count - 2)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Undone with 2 reviews")
    expect(page.locator(".person")).to_have_count(count)
    context.close()


def test_the_calendar_books_who_waits(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    sign_in(page, clinic, "scheduler")
    page.goto(f"{clinic.url}/clinic/calendar")
    waits = page.locator(".episodes .card", has_text="Greta Huber")
    waits.get_by_role("button", name="Book for Greta Huber").focus()
    with page.expect_navigation():  # while the old page goes there is no card either
        page.keyboard.press("Enter")
    expect(page.locator(".episodes .card", has_text="Greta Huber")).to_have_count(0)
    booked = page.get_by_role("link", name=re.compile("Greta Huber"))
    for _ in range(12):
        if booked.count():
            break
        with page.expect_navigation():
            page.get_by_role("link", name="Week after").click()
    booked.click()
    expect(page.locator(".badge")).to_have_text("booked")
    page.get_by_role("button", name="Confirm").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".badge")).to_have_text("confirmed")
    page.locator("form[action$=cancel] [name=reason]").fill("she is ill")
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.locator(".badge")).to_have_text("cancelled")
    expect(page.get_by_role("status")).to_have_text("she is ill")
    context.close()
