"""The day's entry on a phone, with and without a signal."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.phone.clinic import SIZE, ClinicOfOne, Phone, day
from tests.support import PASSWORD


def test_a_first_entry_is_saved_and_read_by_the_clinic(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    expect(phone.page.get_by_text("Day 10: soreness is expected; relief usually comes by week 3.")).to_be_visible()
    phone.pain(4).click()
    expect(phone.pain(4)).to_have_attribute("aria-pressed", "true")
    phone.page.get_by_label("Note", exact=True).fill("walked the dog")
    phone.save().says("Saved")
    entry = service.entry(day(), "cleo")
    assert entry["pain"] == [{"region": "lumbar", "side": "left", "average": 4}]
    assert (entry["note"], entry["medications"], entry["side_effects"]) == ("walked the dog", None, None)


def test_a_usual_day_takes_four_taps(phone: Phone, service: ClinicOfOne) -> None:
    tramadol = {"code": "10689", "dose": 50, "unit": "mg", "times": 2, "schedule": "scheduled"}
    service.write(day(-1), pain=[{"region": "lumbar", "side": "left", "average": 5}], medications=[tramadol])
    phone.sign_in()
    taps = [
        phone.pain(3),
        phone.page.get_by_role("button", name="As yesterday", exact=True),
        phone.page.get_by_role("button", name="As usual", exact=True),
        phone.page.get_by_role("button", name="Save", exact=True),
    ]
    for one in taps:
        one.click()
    phone.says("Saved")
    entry = service.entry(day())
    assert (entry["pain"][0]["average"], entry["opioid_mme"], entry["activity"]["level"]) == (3, 20, "usual")
    assert len(taps) <= 4


def test_two_sites_are_told_apart_in_six_taps(phone: Phone, service: ClinicOfOne) -> None:
    other = {"performed_on": str(day(-10)), "region": "lumbar", "laterality": "right"}
    service("cleo", "POST", f"/v1/patients/{service.patient_id}/procedures", json=other)
    phone.open()
    phone.page.get_by_label("Username").fill("ada")
    phone.page.get_by_label("Password").fill(PASSWORD)
    phone.page.get_by_role("button", name="Sign in", exact=True).click()
    for name in ("Average pain 4, left low back", "Average pain 6, right low back", "As usual", "Save"):
        phone.page.get_by_role("button", name=name, exact=True).click()
    phone.says("Saved")
    assert {one["side"]: one["average"] for one in service.entry(day())["pain"]} == {"left": 4, "right": 6}


def test_an_entry_waits_for_a_connection_and_goes_by_itself(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in().keeps_itself().offline()
    phone.page.reload()
    phone.pain(7).click()
    phone.page.get_by_role("button", name="Flare-up today").click()
    phone.save().says("Waiting for a connection: 1")
    phone.page.reload()  # as after a restart
    expect(phone.pain(7)).to_have_attribute("aria-pressed", "true")
    phone.says("Waiting for a connection: 1")
    phone.offline(False)
    phone.says(re.compile("^(Saved|)$"))
    entry = service.entry(day())
    assert (entry["pain"][0]["average"], entry["flare_up"]) == (7, True)


@contextmanager
def switched_on(browser: Browser, folder: Path, service: ClinicOfOne) -> Iterator[Phone]:
    """A browser of its own with what lies in a folder: ended and begun again it is a phone that was switched off and on."""
    with closing(
        browser.browser_type.launch_persistent_context(
            folder, executable_path=executable(), args=ARGUMENTS, viewport=SIZE, locale="en-GB", timezone_id="UTC"
        )
    ) as context:
        phone = Phone(context, service)
        yield phone
        assert [text for text in phone.heard if "ERR_" not in text] == []


def test_a_month_without_a_signal_and_across_restarts_is_sent_in_one_go(
    browser: Browser, service: ClinicOfOne, tmp_path: Path
) -> None:
    with switched_on(browser, tmp_path, service) as phone:
        phone.sign_in().keeps_itself()
    service.stop()  # a worker that a restart begins may send before the browser is told that it has no network
    for first in (0, 10, 20):
        with switched_on(browser, tmp_path, service) as phone:
            phone.offline()
            for back in range(first, first + 10):
                phone.open(f"/day/{day(-back)}")
                phone.pain(back % 11).click()
                phone.save().says(f"Waiting for a connection: {back + 1}")
    service.start()
    with switched_on(browser, tmp_path, service) as phone:
        phone.open().says("Saved")
    kept = service("ada", "GET", f"/v1/patients/{service.patient_id}/diary")["items"]
    assert [one["pain"][0]["average"] for one in reversed(kept)] == [back % 11 for back in range(30)]


DRAFT = "async (name) => (await (await import('/app/store.js')).get('meta', name))?.parts.note"


def test_what_was_tapped_and_not_saved_is_still_there(phone: Phone) -> None:
    phone.sign_in()
    phone.pain(8).click()
    phone.page.get_by_label("Note", exact=True).fill("half a sent")
    while phone.page.evaluate(DRAFT, f"draft {day()}") != "half a sent":  # it is kept in the moment after the tap
        phone.page.wait_for_timeout(20)
    phone.page.reload()
    expect(phone.pain(8)).to_have_attribute("aria-pressed", "true")
    expect(phone.page.get_by_label("Note", exact=True)).to_have_value("half a sent")


def test_two_phones_that_wrote_other_parts_agree(new_phone: Callable[..., Phone], service: ClinicOfOne) -> None:
    one, other = new_phone().sign_in().keeps_itself(), new_phone().sign_in().keeps_itself()
    one.offline()
    one.pain(2).click()
    one.save().says("Waiting for a connection: 1")
    other.page.get_by_label("Note", exact=True).fill("from the tablet")
    other.save().says("Saved")
    one.offline(False).says("Saved")
    entry = service.entry(day())
    assert (entry["pain"][0]["average"], entry["note"]) == (2, "from the tablet")
    for phone in (one, other):
        phone.page.reload()
        expect(phone.pain(2)).to_have_attribute("aria-pressed", "true")
        expect(phone.page.get_by_label("Note", exact=True)).to_have_value("from the tablet")


def test_a_server_that_is_away_loses_nothing(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in().keeps_itself()
    service.stop()
    phone.pain(5).click()
    phone.save().says("Waiting for a connection: 1")
    service.start()
    phone.says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 5


def test_a_lost_answer_is_no_second_entry(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    lost: list[bool] = []

    def lose(route: Route) -> None:
        if lost:
            return route.continue_()
        lost.append(True)
        route.fetch()
        return route.abort()

    phone.context.route("**/diary", lose)
    phone.pain(6).click()
    phone.save().says("Saved")
    assert lost
    path = f"/v1/patients/{service.patient_id}/diary/{day()}/revisions"
    assert len(service("ada", "GET", path)["items"]) == 1
    phone.heard.clear()  # the aborted answer


def test_an_entry_that_is_refused_stays_and_says_why(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    phone.page.evaluate(
        """async () => {
          const { keepEntry } = await import("/app/sync.js");
          await keepEntry("1989-05-01", { interference: 3 });
        }"""
    )
    phone.pain(4).click()
    phone.save().says("1 entry was not taken. Open it to see why.")
    assert service.taken(day())["pain"][0]["average"] == 4  # the good one goes
    phone.open("/day/1989-05-01")
    expect(phone.page.get_by_role("heading", name="This entry was not taken")).to_be_visible()
    phone.page.get_by_role("button", name="Remove it").click()
    expect(phone.page.get_by_role("heading", name="This entry was not taken")).to_be_hidden()
    phone.open()
    phone.page.reload()
    phone.says("")


def test_a_moment_is_noted_and_the_average_follows(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    phone.page.get_by_text("Worst today, and moments").click()
    phone.page.get_by_label("Pain now").select_option("7")
    phone.page.get_by_label("What happened").fill("after the garden")
    phone.page.get_by_role("button", name="Note this moment").click()
    phone.says("Saved")
    entry = service.entry(day())
    assert (entry["pain"][0]["average"], entry["pain"][0]["worst"]) == (7, 7)
    assert entry["moments"][0]["note"] == "after the garden"
    expect(phone.page.get_by_text("From your moments: 7. Tap a number to give your own.").first).to_be_visible()


def test_yesterday_is_written_too(phone: Phone, service: ClinicOfOne) -> None:
    phone.sign_in()
    phone.page.get_by_role("link", name="Write for yesterday").click()
    phone.page.get_by_role("link", name="Back to today").wait_for()  # the same buttons stand on the screen that is left
    phone.pain(1).click()
    phone.save().says("Saved")
    assert service.entry(day(-1))["pain"][0]["average"] == 1
    assert service.entry(day()) is None
