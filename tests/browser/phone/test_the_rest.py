"""The screens beside the day's: calendar, course, what is asked, what is the patient's, steps from a file, reminders."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from playwright.sync_api import expect

from tests.browser.phone.clinic import ClinicOfOne, Phone, day, live_in, new_slot

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
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
    later = new_slot(service, 12)
    phone.page.get_by_role("button", name="Another time").click()
    expect(phone.page.get_by_label("Times that are free").get_by_role("option")).to_have_count(1)
    phone.page.get_by_role("button", name="Back").click()
    phone.page.get_by_role("button", name="Another time").click()
    phone.page.get_by_role("button", name="Move the appointment").click()
    card = phone.page.locator("section.card", has_text="Your next appointment")
    expect(card).to_contain_text(f" {day(12).day} {day(12):%B}")
    expect(card).to_contain_text("You said that you will come.")
    stands = [one for one in appointments(service) if one["state"] == "confirmed"]
    assert [one["slot_id"] for one in stands] == [later]
    phone.page.get_by_role("button", name="I can't come").click()
    phone.page.get_by_role("button", name="Cancel the appointment").click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Back").click()
    expect(phone.page.get_by_text("Your next appointment")).to_be_hidden()
    assert {one["state"] for one in appointments(service)} == {"cancelled"}


def appointments(service: ClinicOfOne) -> list[dict[str, Any]]:
    return list(service("cleo", "GET", f"/v1/appointments?patient_id={service.patient_id}")["items"])


def test_no_other_time_is_free(phone: Phone, service: ClinicOfOne) -> None:
    live_in(service)
    phone.sign_in()
    phone.page.get_by_role("button", name="Another time").click()
    expect(phone.page.get_by_role("dialog")).to_contain_text("No other time is free just now")
    phone.page.get_by_role("button", name="Back").click()
    assert [one["state"] for one in appointments(service)] == ["booked"]


def test_a_time_that_somebody_else_took_is_said_to_be_gone(phone: Phone, service: ClinicOfOne) -> None:
    live_in(service)
    later = new_slot(service, 12)
    phone.sign_in()
    phone.page.get_by_role("button", name="Another time").click()
    expect(phone.page.get_by_role("button", name="Move the appointment")).to_be_visible()  # the times have been read
    service("sam", "PATCH", f"/v1/slots/{later}", json={"closed": True})
    phone.page.get_by_role("button", name="Move the appointment").click()
    expect(phone.page.get_by_role("dialog")).to_contain_text("This is no longer to be had.")
    phone.page.get_by_role("button", name="Back").click()
    (one,) = appointments(service)
    service("sam", "POST", f"/v1/appointments/{one['id']}/cancel", json={"reason": "ill"})
    phone.page.get_by_role("button", name="Another time").click()
    expect(phone.page.get_by_role("dialog")).to_contain_text("This is no longer to be had.")
    phone.page.get_by_role("button", name="Back").click()
    expect(phone.page.get_by_text("Your next appointment")).to_be_hidden()


@pytest.mark.parametrize(("button", "state"), [("Take it", "booked"), ("Leave it to others", "cancelled")])
def test_a_freed_slot_is_taken_or_left_to_others(phone: Phone, service: ClinicOfOne, button: str, state: str) -> None:
    new = {"name": "Bea", "born_on": "1960-01-01", "time_zone": "UTC"}
    bea = service("cleo", "POST", "/v1/patients", json=new)["id"]
    slot_id = new_slot(service, 9)
    held = service("sam", "POST", "/v1/appointments", json={"patient_id": bea, "slot_id": slot_id})
    service("sam", "POST", "/v1/waiting", json={"patient_id": service.patient_id, "note": "hard of hearing"})
    service("sam", "POST", f"/v1/appointments/{held['id']}/cancel", json={"reason": "ill"})
    phone.sign_in()
    card = phone.page.locator("section.card", has_text="A time is free for you")
    expect(card).to_contain_text("It is kept for you until")
    card.get_by_role("button", name=button).click()
    expect(card).to_be_hidden()
    of_slot = [one["state"] for one in service("cleo", "GET", "/v1/appointments")["items"] if one["slot_id"] == slot_id]
    assert of_slot[-1] == state
    assert len(of_slot) == (2 if state == "booked" else 1)


def test_the_question_of_a_likely_return_is_answered(phone: Phone, service: ClinicOfOne) -> None:
    done = {"performed_on": str(day(-150)), "region": "lumbar", "laterality": "left", "baseline_pain": 7}
    service("cleo", "DELETE", f"/v1/procedures/{service.procedure_id}?reason=wrong")
    service("cleo", "POST", f"/v1/patients/{service.patient_id}/procedures", json=done)
    for back in range(149, 0, -1):
        service.write(day(-back), pain=[{**SITE, "average": (1 if back > 10 else 6) + back % 2}])
    service.work()
    phone.sign_in()
    phone.page.get_by_role("button", name="Yes, it is back").click()
    expect(phone.page.get_by_text("Has the old pain come back?")).to_be_hidden()
    flags = service("cleo", "GET", f"/v1/flags?patient_id={service.patient_id}")["items"]
    (returned,) = [one for one in flags if one["kind"] == "return_likely"]
    assert returned["answer"] == "pain_is_back"


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
        ("My record, for another clinic (JSON)", b"{"),
        ("What is kept besides: consents, appointments, flags, who looked (JSON)", b'{"consents":[{"'),
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
    phone.page.get_by_role("button", name="I have the code").click()
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
    if day(-2).month != day().month:  # what the phone has not looked at it does not know
        phone.page.get_by_role("link", name="Earlier").click()
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
