"""The screens beside the day's: calendar, course, what is asked, what is the patient's, steps from a file, reminders."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.sync_api import expect

from tests.browser.phone.clinic import ClinicOfOne, Phone, day, live_in

SITE = {"region": "lumbar", "side": "left"}


def test_the_calendar_shows_what_was_written_and_opens_a_day(phone: Phone, service: ClinicOfOne) -> None:
    service.write(day(-1), pain=[{**SITE, "average": 6}])
    phone.sign_in()
    phone.page.get_by_role("link", name="Calendar").click()
    if day(-1).month != day().month:
        phone.page.get_by_role("link", name="Earlier").click()
    phone.page.get_by_role("link", name=f"{day(-1).day} ", exact=False).and_(
        phone.page.locator("[aria-label$='pain 6']")
    ).click()
    expect(phone.pain(6)).to_have_attribute("aria-pressed", "true")
    phone.pain(5).click()
    phone.save().says("Saved")
    assert service.entry(day(-1))["pain"][0]["average"] == 5


def test_the_course_is_drawn_and_said_in_words_also_without_a_signal(phone: Phone, service: ClinicOfOne) -> None:
    live_in(service)
    phone.sign_in().keeps_itself()
    phone.page.get_by_role("link", name="Course").click()
    for _ in range(2):
        expect(phone.page.get_by_role("img")).to_be_visible()
        expect(phone.page.get_by_text("Pain before the treatment: 7. Half of it: 3.5.")).to_be_visible()
        expect(phone.page.get_by_text("You wrote on 8 of")).to_be_visible()
        phone.offline().page.reload()
    words = phone.page.inner_text("main").lower()
    assert not any(word in words for word in ("probab", "%", "chance", "diagnos", "will return"))


def test_three_questions_and_an_appointment_are_answered(phone: Phone, service: ClinicOfOne) -> None:
    live_in(service)
    done = {"performed_on": str(day(-50)), "region": "lumbar", "laterality": "left", "joints": ["L4-5"]}
    service("cleo", "DELETE", f"/v1/procedures/{service.procedure_id}?reason=wrong")
    service("cleo", "POST", f"/v1/patients/{service.patient_id}/procedures", json=done)
    phone.sign_in()
    phone.page.get_by_text("Three questions, now and then").click()
    for place, score in enumerate("435"):
        phone.page.locator(f"#peg-{place}").select_option(score)
    phone.page.get_by_role("button", name="Send", exact=True).click()
    expect(phone.page.get_by_text("Three questions, now and then")).to_be_hidden()
    (peg,) = service("cleo", "GET", f"/v1/patients/{service.patient_id}/assessments")["items"]
    assert (peg["kind"], peg["items"]) == ("peg", [4, 3, 5])
    phone.page.get_by_role("button", name="I will come").click()
    expect(phone.page.get_by_text("You said that you will come.")).to_be_visible()
    phone.page.get_by_role("button", name="I can't come").click()
    phone.page.get_by_role("button", name="Cancel the appointment").click()
    expect(phone.page.get_by_text("Your next appointment")).to_be_hidden()
    (gone,) = service("cleo", "GET", f"/v1/appointments?patient_id={service.patient_id}")["items"]
    assert gone["state"] == "cancelled"


def test_who_looked_and_what_is_agreed_to_and_everything_to_take_along(phone: Phone, service: ClinicOfOne) -> None:
    live_in(service)
    phone.sign_in()
    phone.page.get_by_role("link", name="More").click()
    phone.page.get_by_role("link", name="Who has looked").click()
    expect(phone.page.get_by_text("cleo").first).to_be_visible()
    phone.page.get_by_role("link", name="Back").click()
    phone.page.get_by_role("link", name="What I agree to").click()
    phone.page.locator("button[aria-label^='No: What I write may be counted']").click()
    expect(phone.page.get_by_text("You said no on")).to_be_visible()
    phone.page.get_by_role("link", name="Back").click()
    phone.page.get_by_role("link", name="Take everything with me").click()
    for name, begins in (
        ("Everything, for another program (JSON)", b"{"),
        ("The diary, for a spreadsheet (CSV)", b"date,"),
        ("The report, to print (PDF)", b"%PDF"),
    ):
        with phone.page.expect_download() as waited:
            phone.page.get_by_role("button", name=name).click()
        assert Path(waited.value.path()).read_bytes().startswith(begins), name


def test_somebody_is_let_act_and_it_is_ended(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in().open("/proxies")
    phone.page.get_by_label("Who it is").fill("Lena, daughter")
    phone.page.get_by_role("button", name="Make a code").click()
    expect(phone.page.get_by_role("dialog")).to_contain_text("good for two weeks")
    phone.page.get_by_role("button", name="I have it").click()
    expect(phone.page.get_by_text("the code was not used yet")).to_be_visible()
    phone.page.get_by_role("button", name="End it for Lena, daughter").click()
    expect(phone.page.get_by_text("Nobody.")).to_be_visible()


def test_steps_come_from_a_health_file_that_stays_on_the_phone(
    phone: Phone, service: ClinicOfOne, tmp_path: Path
) -> None:
    for back in (1, 2):
        service.write(day(-back), pain=[{**SITE, "average": 4}])
    phone.sign_in()
    phone.page.get_by_role("link", name="Calendar").click()
    phone.page.wait_for_load_state("networkidle")
    phone.page.get_by_role("link", name="Today").click()
    file = tmp_path / "export.zip"
    file.write_bytes(health_export())
    sent: list[str] = []
    phone.context.on("request", lambda request: sent.append(request.post_data or ""))
    phone.page.get_by_text("Steps", exact=True).click()
    phone.page.get_by_label("From a health file of the phone (export.zip)").set_input_files(file)
    expect(phone.page.get_by_text("Steps were added to 2 days.")).to_be_visible()
    phone.says("Saved")
    assert [service.entry(day(-back))["activity"]["steps"] for back in (1, 2)] == [5200, 900]
    assert not any("HeartRate" in one or "Watch" in one for one in sent)


def health_export() -> bytes:
    """A file as the phone writes it: two sources that count the same steps, and what is nobody's business."""

    def record(kind: str, back: int, hour: int, *, value: int, source: str) -> str:
        at = f"{day(-back)} {hour:02}:00:00 +0000"
        return (
            f'<Record type="HKQuantityTypeIdentifier{kind}" sourceName="{source}" unit="count" '
            f'startDate="{at}" endDate="{at}" value="{value}"/>\n'
        )

    rows = [
        record("HeartRate", 1, 8, value=71, source="Watch"),
        record("StepCount", 1, 9, value=3000, source="Phone"),
        record("StepCount", 1, 9, value=3200, source="Watch"),
        record("StepCount", 1, 18, value=2000, source="Watch"),
        record("StepCount", 2, 9, value=900, source="Phone"),
        record("StepCount", 3, 9, value=7000, source="Phone"),  # a day without an entry
    ]
    filling = record("HeartRate", 4, 1, value=60, source="Watch") * 20_000
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("apple_health_export/workout.txt", "x")
        archive.writestr(
            "apple_health_export/export.xml", f"<HealthData>{rows[0]}{filling}{''.join(rows[1:])}</HealthData>"
        )
    return out.getvalue()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_web_push_an_alarm_goes_to_the_calendar(phone: Phone) -> None:
    phone.sign_in().open("/reminder")
    phone.page.get_by_label("Time of the day").fill("19:30")
    with phone.page.expect_download() as waited:
        phone.page.get_by_role("button", name="Remind me").click()
    (event,) = Calendar.from_ical(Path(waited.value.path()).read_bytes()).walk("VEVENT")
    assert event["RRULE"].to_ical() == b"FREQ=DAILY"
    assert "T193000" in str(event["DTSTART"].to_ical())  # by the clocks of wherever the phone is
    assert event.walk("VALARM")
    phone.heard.clear()  # this browser has no push service to subscribe at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_push_is_shown(phone: Phone, service: ClinicOfOne) -> None:
    phone.context.grant_permissions(["notifications"], origin=service.url)
    phone.sign_in().keeps_itself()
    devtools = phone.context.new_cdp_session(phone.page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(r["registrationId"] for r in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    while not found:
        phone.page.wait_for_timeout(20)  # events of the browser come in while it waits
    data = json.dumps({"id": "1", "title": "How was today?", "body": "It takes half a minute."})
    devtools.send(
        "ServiceWorker.deliverPushMessage", {"origin": service.url, "registrationId": found[-1], "data": data}
    )
    shown = """() => navigator.serviceWorker.ready.then((one) => one.getNotifications())
      .then((all) => (all.length ? all.map((one) => [one.title, one.body]) : null))"""
    for _ in range(200):
        if (told := phone.page.evaluate(shown)) is not None:
            break
        phone.page.wait_for_timeout(20)  # the worker hears of it by itself
    assert told == [["How was today?", "It takes half a minute."]]
