"""A server that is killed while a phone sends: what the phone was told is kept, what it was not told is sent again, once."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError as NothingSent

from tests.browser.phone.clinic import ClinicOfOne, Phone, day, served
from tests.browser.phone.test_keeping import WAITS

DAYS = 9  # that wait for each kill
AFTER = (0.0, 0.02, 0.08)  # seconds from when the phone begins to send
KEEP = """async (entries) => {
  const { keepEntry } = await import("/app/sync.js");
  for (const [date, score] of entries) {
    await keepEntry(date, { pain: [{ region: "lumbar", side: "left", average: score }] });
  }
}"""

WAITING = "async () => (await (await import('/app/sync.js')).waiting()).length"


@pytest.fixture
def service(database_url: str) -> Iterator[ClinicOfOne]:
    """The clinic, served by a process of its own that can be killed."""
    with served(database_url, mortal=True) as one:
        yield one


def test_a_server_killed_while_it_takes_entries_in_loses_and_doubles_none(phone: Phone, service: ClinicOfOne) -> None:
    written: dict[str, int] = {}
    phone.sign_in().keeps_itself()
    cut = 0
    for place, seconds in enumerate(AFTER):
        phone.offline()
        entries = [
            (str(day(-1 - place * DAYS - back)), random.Random(place * DAYS + back).randint(0, 10))
            for back in range(DAYS)
        ]
        phone.page.evaluate(KEEP, entries)
        phone.page.reload()
        phone.says(WAITS.replace("1", str(DAYS)))
        written.update(entries)
        begun = phone.page.expect_request(
            lambda one: one.method == "POST" and one.url.endswith("/diary"), timeout=10_000
        )
        with suppress(NothingSent), begun:  # the worker's network is not always off with the page's: it was sent before
            phone.offline(False)
        time.sleep(seconds)
        service.stop()
        cut += "Waiting" in (phone.page.locator("#status").text_content() or "Waiting")
        service.start()
        phone.page.reload()
        while phone.page.evaluate(WAITING):
            phone.page.wait_for_timeout(50)
    assert cut, "no kill came while the phone was sending"
    for on, score in written.items():
        entry = service("cleo", "GET", f"/v1/patients/{service.patient_id}/diary?from={on}&to={on}")["items"][0]
        assert (entry["pain"][0]["average"], entry["revision"]) == (score, 1), on
    phone.heard[:] = [text for text in phone.heard if "ERR_" not in text]  # of the connections that were cut
