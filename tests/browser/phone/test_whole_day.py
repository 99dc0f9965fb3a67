"""From an empty clinic to a repeat, with nothing but the pages and the phone: each role does its part of one story."""

import re
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.phone.clinic import ClinicOfOne, Phone, day, served
from tests.browser.phone.test_getting_in import agree
from tests.browser.phone.test_killed import KEEP, WAITING
from tests.support import PASSWORD

AGO, RETURNS = 300, 260  # days since the procedure, and after it until the pain is back


@pytest.fixture
def service(database_url: str) -> Iterator[ClinicOfOne]:
    """A clinic with its admin and nothing else."""
    with served(database_url, bare=True) as one:
        yield one


@pytest.fixture
def office(browser: Browser, service: ClinicOfOne) -> Iterator[Callable[[str], Page]]:
    """A browser for each of the staff; whatever its console complains of fails the test."""
    contexts, heard = [], list[str]()

    def make(who: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB"))
        contexts[-1].set_default_timeout(30_000)
        contexts[-1].on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
        page = contexts[-1].new_page()
        page.goto(f"{service.url}/clinic/sign-in")
        page.get_by_label("Name", exact=True).fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{service.url}/clinic")
        return page

    yield make
    for one in contexts:
        one.close()
    assert heard == []


def score(after: int) -> int:
    """The pain so many days after the procedure."""
    return 7 if after < 12 or after >= RETURNS else 2


def join(browser: Browser, service: ClinicOfOne, code: str, who: str) -> None:
    """Somebody makes an account by the code that they were handed."""
    page = browser.new_context().new_page()
    page.goto(f"{service.url}/clinic/join#{code}")
    page.get_by_label("A name to sign in with").fill(who)
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", name="Your account is made")).to_be_visible()
    page.context.close()


def code_on(page: Page) -> str:
    """The code that a page shows once."""
    return page.locator("code.long").first.inner_text()


def set_up(office: Callable[[str], Page], browser: Browser, service: ClinicOfOne) -> None:
    """The admin writes down the clinic's numbers, and invites a clinician and whoever books."""
    page = office("root")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    page.get_by_role("link", name=re.compile("Write down the clinic's phone")).click()
    page.get_by_label("Phone", exact=True).first.fill("+41 44 555 01 00")
    page.get_by_label("Country, two letters").fill("CH")
    page.get_by_label("Time zone").fill("UTC")
    page.get_by_role("button", name="Keep", exact=True).first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    for who, role in (("cleo", "clinician"), ("sam", "scheduler")):
        page.get_by_role("link", name="Accounts", exact=True).click()
        page.locator("#invite ~ form [name=role]").select_option(role)
        page.get_by_role("button", name="Make a code").click()
        join(browser, service, code_on(page), who)


def record(page: Page, title: str, **fields: str) -> None:
    """Records a fact by its form, whose fields are filled by their names."""
    page.get_by_role("link", name="Treatments", exact=True).click()
    page.get_by_role("link", name=f"Record {title}", exact=True).click()
    for name, value in fields.items():
        field = page.locator(f"[name={name}]")
        if field.first.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        elif field.first.get_attribute("type") == "checkbox":
            page.get_by_label(value, exact=True).check()
        else:
            field.fill(value)
    page.get_by_role("button", name="Record", exact=True).click()


def work_up_and_treat(page: Page) -> str:
    """The clinician adds the patient, the work-up, a block and the procedure; answers the invitation's code."""
    page.get_by_role("link", name="New patient").click()
    page.get_by_label("Name", exact=True).fill("Ada Muster")
    page.get_by_label("Born on").fill("1951-04-02")
    page.get_by_label("Phone").fill("+41 44 555 77 00")
    page.get_by_role("button", name="Record").click()
    record(page, "a work-up", noted_on=str(day(-AGO - 60)), care_physiotherapy="failed", weeks_physiotherapy="12")
    block = {"performed_on": str(day(-AGO - 30)), "side": "left", "joints": "L4-5", "agent": "lidocaine"}
    record(page, "a diagnostic block", **block, pain_before="7", after_30="1", after_60="1")
    done = {
        "performed_on": str(day(-AGO)),
        "region": "lumbar",
        "laterality": "left",
        "joints": "L4-5",
        "baseline_pain": "7",
    }
    record(page, "a procedure", **done)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Muster")
    page.get_by_role("heading", level=1).get_by_role("link").click()
    page.get_by_role("button", name="Invite to keep the diary").click()
    return code_on(page)


def keep_the_diary(phone: Phone, code: str) -> None:
    """The patient makes an account, writes today by hand, and what lies behind goes the phone's own way."""
    phone.open(f"#/join/{code}")
    page = phone.page
    page.get_by_label("A name to sign in with").fill("ada")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    agree(phone)
    phone.pain(score(AGO)).click()
    phone.save().says("Saved")
    behind: list[tuple[str, int]] = [(str(day(after - AGO)), score(after)) for after in range(1, AGO)]
    page.evaluate(KEEP, [one for one in behind if date.fromisoformat(one[0]).toordinal() % 6])
    page.reload()
    while page.evaluate(WAITING):
        page.wait_for_timeout(50)


def take_up_and_book(office: Callable[[str], Page]) -> None:
    """The scheduler calls about the flag, makes a slot and books the review into it."""
    page = office("sam")
    page.get_by_role("link", name="Flags", exact=True).click()
    flag = page.locator(".flag", has_text="pain return")
    expect(flag).to_contain_text("+41 44 555 77 00")
    flag.get_by_text("Called, or for a colleague").click()
    flag.get_by_label("What came of the call").select_option("reached")
    flag.get_by_role("button", name=re.compile("Keep the call")).click()
    expect(page.locator(".flag", has_text="sam has it, called on")).to_be_visible()
    page.get_by_role("link", name="Calendar", exact=True).click()
    page.locator("[action*=slots] [name=on]").fill(str(day(5)))
    page.locator("[action*=slots] [name=location]").fill("Main building")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Reviews", exact=True).click()
    page.locator(".person", has_text="Ada Muster").click()
    page.get_by_role("button", name="Propose", exact=True).click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator(".badge").first).to_have_text("booked")


def decide_and_repeat(page: Page, service: ClinicOfOne) -> str:
    """The clinician reads, decides, prints the report and records the repeat; answers the patient's address."""
    page.goto(f"{service.url}/clinic/reviews")
    page.locator(".person", has_text="Ada Muster").click()
    expect(page.locator(".answer")).to_contain_text("pain returned")
    page.locator("[name=decision]").select_option("repeat")
    page.locator("form[action$=decide] [name=reason]").fill("relief of eight months has ended")
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("heading", level=1).get_by_role("link").click()
    report = page.context.request.get(
        f"{service.url}{page.get_by_role('link', name='Report (PDF)').get_attribute('href')}"
    )
    assert report.ok and report.body().startswith(b"%PDF")
    page.get_by_role("heading", level=1).get_by_role("link").click()
    home = page.url
    record(
        page,
        "a procedure",
        performed_on=str(day()),
        region="lumbar",
        laterality="left",
        joints="L4-5",
        baseline_pain="7",
    )
    expect(page.locator(".answer")).to_contain_text("today")
    return home


def test_the_whole_story_is_told_on_the_pages(
    office: Callable[[str], Page], browser: Browser, phone: Phone, service: ClinicOfOne
) -> None:
    set_up(office, browser, service)
    clinician = office("cleo")
    keep_the_diary(phone, work_up_and_treat(clinician))
    service.work()
    clinician.goto(f"{service.url}/clinic")
    expect(clinician.locator(".person .badge").first).to_have_text("return")
    take_up_and_book(office)
    home = decide_and_repeat(clinician, service)
    service.work()
    clinician.goto(home)
    expect(clinician.locator(".current .answer")).to_contain_text("today")
    expect(clinician.get_by_role("heading", name="Waits for somebody")).to_have_count(0)
    expect(clinician.get_by_text("followed until")).to_be_visible()
    phone.page.reload()
    phone.pain(6).click()
    phone.save().says("Saved")
    clinician.get_by_role("link", name="Diary", exact=True).click()
    expect(clinician.locator(".facts").first).to_contain_text("average 6")
