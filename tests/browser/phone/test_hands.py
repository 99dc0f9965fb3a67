"""Sore hands, two windows, a word forgotten: what was typed is kept, what was tapped twice is done once."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phone.clinic import ClinicOfOne, Phone, day, live_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAY = f"/day/{day(-20)}"
GONE = """async (date) => {
  const held = await (await import("/app/store.js")).get("days", date);
  return held === undefined || held.gone;
}"""


def pain(page: Page, score: int) -> None:
    page.get_by_role("button", name=f"Average pain {score}", exact=True).click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#status")).to_have_text("Saved")


def test_two_windows_of_one_phone_come_together(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    one, other = phone.page, phone.context.new_page()
    for page in (one, other):
        page.goto(f"{service.url}/app{DAY}")
        page.get_by_label("Note", exact=True).wait_for()
    pain(one, 1)
    save(one)
    other.get_by_label("Note", exact=True).fill("from the other window")
    save(other)
    pain(one, 2)
    one.get_by_role("button", name="Flare-up today").click()
    save(one)
    kept = service.entry(day(-20))
    assert (kept["pain"][0]["average"], kept["note"], kept["flare_up"]) == (2, "from the other window", True)
    expect(one.get_by_label("Note", exact=True)).to_have_value("from the other window")


def test_two_windows_without_a_signal(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in().keeps_itself().offline()
    one, other = phone.page, phone.context.new_page()
    for page in (one, other):
        page.goto(f"{service.url}/app{DAY}")
        page.get_by_label("Note", exact=True).wait_for()
    pain(one, 4)
    one.get_by_role("button", name="Save", exact=True).click()
    expect(one.locator("#status")).to_have_text("Waiting for a connection: 1")
    other.get_by_label("Note", exact=True).fill("no signal here")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.locator("#status")).to_have_text("Waiting for a connection: 1")
    phone.offline(False).says("Saved")
    kept = service.taken(day(-20))
    assert (kept["pain"][0]["average"], kept["note"]) == (4, "no signal here")


def test_what_is_typed_and_not_added_is_saved_all_the_same(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    phone.page.get_by_text("Worst today, and moments").click()
    phone.page.get_by_label("What happened").fill("chest pain on the stairs")
    phone.page.get_by_text("Add a medicine").click()
    phone.page.get_by_label("Name of the medicine").fill("Ibuprofen")
    phone.page.get_by_label("How much at a time").fill("4oo")
    phone.page.get_by_role("button", name="Save", exact=True).click()
    expect(phone.page.get_by_text("Write a number, such as 50 or 2.5.")).to_be_visible()
    assert service.entry(day()) is None
    phone.page.get_by_label("How much at a time").fill("400")
    phone.save()
    expect(phone.page.locator(".danger")).to_be_visible()  # what a moment says is read as a note is
    kept = service.taken(day())
    assert [one["note"] for one in kept["moments"]] == ["chest pain on the stairs"]
    assert [(one["dose"], one["unit"]) for one in kept["medications"]] == [(400, "mg")]


def test_the_unit_of_one_medicine_is_not_that_of_the_next(phone: Phone, service: ClinicOfOne) -> None:
    live_in(service)  # tramadol, twice 50 mg, on the days before
    phone.sign_in()
    for name, dose, unit in (("Paracetamol", "1", "tablet"), ("Tramadol", "50", None)):
        phone.page.get_by_text("Add a medicine").click()
        phone.page.get_by_label("Name of the medicine").fill(name)
        phone.page.get_by_label("How much at a time").fill(dose)
        if unit:
            phone.page.get_by_label("Unit").select_option(unit)
        phone.page.get_by_label("How many times that day").fill("3")
        phone.page.get_by_role("button", name="Add", exact=True).click()
        expect(phone.page.get_by_label("Name of the medicine")).to_be_hidden()
    phone.save().says("Saved")
    kept = service.entry(day())["medications"]
    assert sorted((one["unit"], one["dose"], one["times"]) for one in kept) == [("mg", 50, 3), ("tablet", 1, 3)]


def test_an_entry_that_was_never_sent_is_deleted_for_good(phone: Phone, service: ClinicOfOne) -> None:
    service.write(day(-21), pain=[{"region": "lumbar", "side": "left", "average": 6}])
    phone.sign_in().keeps_itself().open(f"/day/{day(-21)}")
    expect(phone.pain(6)).to_have_attribute("aria-pressed", "true")
    phone.offline()
    for back, there in ((20, False), (21, True)):
        phone.open(f"/day/{day(-back)}")
        if not there:
            phone.pain(6).click()
            phone.save().says("Waiting for a connection: 1")
        phone.pain(6).click()
        phone.page.get_by_role("button", name="Save", exact=True).click()
        phone.page.get_by_role("button", name="Delete it").click()
        while not phone.page.evaluate(GONE, str(day(-back))):  # untapped it looks the same before and after
            phone.page.wait_for_timeout(20)
        expect(phone.pain(6)).to_have_attribute("aria-pressed", "false")
    phone.offline(False).says("Saved")
    assert [service.entry(day(-back)) for back in (20, 21)] == [None, None]
    phone.page.reload()
    expect(phone.pain(6)).to_have_attribute("aria-pressed", "false")


def test_signing_out_asks_about_what_was_only_tapped(phone: Phone) -> None:
    phone.sign_in()
    phone.pain(7).click()
    phone.page.get_by_role("link", name="More").click()
    phone.page.get_by_role("button", name="Sign out").click()
    phone.page.get_by_role("button", name="Stay signed in").click()
    phone.page.get_by_role("link", name="Today").click()
    expect(phone.pain(7)).to_have_attribute("aria-pressed", "true")


def test_saved_is_not_said_of_what_is_only_tapped(phone: Phone) -> None:
    phone.sign_in()
    phone.pain(7).click()
    phone.save().says("Saved")
    phone.page.get_by_role("button", name="Flare-up today").click()
    phone.says("")
    phone.save().says("Saved")


def test_a_second_tap_makes_nothing_twice(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    phone.page.get_by_text("Worst today, and moments").click()
    phone.page.get_by_label("Pain now").select_option("7")
    phone.page.get_by_role("button", name="Note this moment").dblclick()
    phone.says("Saved")
    assert len(service.entry(day())["moments"]) == 1
    phone.open("/proxies")
    phone.page.get_by_label("Who it is").fill("Lena")
    phone.page.get_by_role("button", name="Make a code").dblclick()
    phone.page.get_by_role("button", name="I have the code").click()
    expect(phone.page.get_by_role("dialog")).to_be_hidden()
    expect(phone.page.get_by_role("button", name="End it for Lena")).to_have_count(1)
    phone.offline()
    phone.page.get_by_role("button", name="End it for Lena").click()
    expect(phone.page.get_by_role("alert").first).to_contain_text("Lena may still act for you.")
    phone.offline(False)


def test_what_is_gone_is_not_asked_again_that_day(phone: Phone, service: ClinicOfOne) -> None:
    effects = [{"kind": "headache", "severity": 1}, {"kind": "bruising", "severity": 1}]
    service.write(day(-1), pain=[{"region": "lumbar", "side": "left", "average": 4}], side_effects=effects)
    phone.sign_in()
    phone.page.get_by_role("button", name="No, gone: Headache").click()
    phone.page.get_by_role("link", name="More").click()
    phone.page.get_by_role("link", name="Today").click()
    expect(phone.page.get_by_role("button", name="No, gone: Bruise")).to_be_visible()
    expect(phone.page.get_by_role("button", name="No, gone: Headache")).to_be_hidden()
    phone.page.get_by_role("button", name="No, gone: Bruise").click()
    phone.pain(3).click()
    phone.save().says("Saved")
    assert service.entry(day())["side_effects"] == []


def test_a_count_of_steps_that_is_none_is_said_so(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    phone.page.get_by_text("Steps", exact=True).click()
    phone.page.get_by_label("Steps that day").fill("about 3000")
    phone.page.get_by_role("button", name="Save", exact=True).click()
    expect(phone.page.get_by_text("Write a whole number, up to 200 000.")).to_be_visible()
    phone.page.get_by_label("Steps that day").fill("3 000")
    phone.save().says("Saved")
    assert service.entry(day())["activity"]["steps"] == 3000


@pytest.mark.parametrize("named", ["2026-02-30", "2026-13-45", "yesterday"])
def test_a_day_that_is_none_is_today(phone: Phone, named: str) -> None:
    phone.sign_in().open(f"/day/{named}")
    expect(phone.page.get_by_role("heading", name="Today, ")).to_be_visible()


def test_the_screen_of_consents_stays_until_it_is_answered(phone: Phone, service: ClinicOfOne) -> None:
    texts = service("ada", "GET", "/v1/consent_texts")["items"]
    new = {"name": "Bea", "born_on": "1960-01-01", "time_zone": "UTC"}
    bea = service("cleo", "POST", "/v1/patients", json=new)["id"]
    code = service("cleo", "POST", f"/v1/patients/{bea}/invitations")["code"]
    account = {"username": "bea", "password": "four small words here"}
    service.client.post(f"{service.url}/v1/invitations/{code}/accept", json=account).raise_for_status()
    phone.open()
    phone.page.get_by_label("Username").fill("bea")
    phone.page.get_by_label("Password").fill(account["password"])
    phone.page.get_by_role("button", name="Sign in", exact=True).click()
    phone.pain(4).click()
    phone.save()
    expect(phone.page.get_by_role("heading", name="Do you agree?")).to_be_visible()
    phone.page.wait_for_load_state("networkidle")
    phone.page.wait_for_timeout(1500)  # in which what was sent and read comes in
    expect(phone.page.get_by_role("heading", name="Do you agree?")).to_be_visible()
    for radio in phone.page.get_by_role("radio", name="Yes").all():
        box = radio.bounding_box()
        assert box is not None and box["width"] < 40
    assert len(texts) == phone.page.get_by_role("radio", name="Yes").count()


def test_one_kind_at_two_places_is_two(phone: Phone, service: ClinicOfOne) -> None:
    numb = {"kind": "numbness", "severity": 1, "region": "lumbar"}
    service.write(
        day(-1),
        pain=[{"region": "lumbar", "side": "left", "average": 4}],
        side_effects=[{**numb, "side": "left"}, {**numb, "side": "right", "severity": 2}],
    )
    phone.sign_in()
    phone.page.get_by_role("button", name="Yes, still there: Numb skin, left low back").click()
    phone.page.get_by_role("button", name="Yes, still there: Numb skin, right low back").click()
    phone.page.get_by_label("How bad: Numb skin, right low back").select_option("3")
    phone.save().says("Saved")
    kept = service.entry(day())["side_effects"]
    assert sorted((one["side"], one["severity"]) for one in kept) == [("left", 1), ("right", 3)]
    phone.page.get_by_role("button", name="Take away: Numb skin, left low back").click()
    phone.save().says("Saved")
    assert [one["side"] for one in service.entry(day())["side_effects"]] == ["right"]
