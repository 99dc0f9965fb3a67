"""Reminders: at the patient's time, at most one a day, and only where they are of use."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.alerts.messages.outbox import message
from app.alerts.messages.tables import Message
from app.base.store.typed import col
from app.rules.reminding import is_asked, is_quiet, next_time
from app.work.reminders.service import remind_to_log
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
ZURICH = {"at": "20:00", "time_zone": "Europe/Zurich"}


async def sent(service: Service, topic: str = "diary.reminder") -> int:
    """How many messages of a topic there are, once what is due was sent."""
    database, now = service.app.state.database, service.app.state.clock()
    while await database.write(partial(remind_to_log, now=now)):
        pass
    async with database.read() as connection:
        query = select(col(Message.id)).select_from(message).where(col(Message.topic) == topic)
        return len((await connection.execute(query)).all())


async def set_reminder(service: Service, **parts: str) -> Any:
    answer = await service("ada", "PUT", "/v1/me/reminder", json={**ZURICH, **parts})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_it_comes_at_the_time_that_was_chosen_and_once_a_day(service: Service, clock: Clock) -> None:
    assert (await set_reminder(service))["next_at"] == "2026-05-01T18:00:00.000+00:00"
    assert await sent(service) == 0
    clock.now = datetime(2026, 5, 1, 18, 1, tzinfo=UTC)
    assert [await sent(service), await sent(service)] == [1, 1]
    await service.sign_in_again()
    assert (await set_reminder(service, at="20:30"))["next_at"] == "2026-05-01T18:30:00.000+00:00"
    clock.now += timedelta(hours=1)
    assert await sent(service) == 1  # it has come today
    clock.now += timedelta(days=1)
    assert await sent(service) == 2


async def test_it_does_not_come_where_the_day_is_written(service: Service, clock: Clock) -> None:
    await set_reminder(service)
    await service.put("2026-05-01", 4)
    clock.now = datetime(2026, 5, 1, 18, 1, tzinfo=UTC)
    assert await sent(service) == 0


async def test_later_means_later_and_tomorrow_in_the_night(service: Service, clock: Clock) -> None:
    await set_reminder(service)
    clock.now = datetime(2026, 5, 1, 18, 1, tzinfo=UTC)
    assert await sent(service) == 1
    await service.sign_in_again()
    later = await service("ada", "POST", "/v1/me/reminder/later", json={"minutes": 60})
    assert later.json()["next_at"].startswith("2026-05-01T19:01:00")
    again = await service("ada", "POST", "/v1/me/reminder/later", json={"minutes": 180})
    assert again.json()["next_at"] == "2026-05-02T18:00:00.000+00:00"


async def test_who_wants_none_gets_none(service: Service, clock: Clock) -> None:
    await set_reminder(service)
    assert (await service("ada", "DELETE", "/v1/me/reminder")).status_code == 204
    assert (await service("ada", "DELETE", "/v1/me/reminder")).status_code == 204
    clock.now = datetime(2026, 5, 1, 18, 1, tzinfo=UTC)
    assert await sent(service) == 0
    await service.sign_in_again()
    none = await service("ada", "GET", "/v1/me/reminder")
    assert (none.status_code, none.json()) == (200, None)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"at": "23:00"}, "/at"),
        ({"at": "06:59"}, "/at"),
        ({"at": "24:00"}, "/at"),
        ({"at": "8:00"}, "/at"),
        ({"time_zone": "Here"}, "/time_zone"),
    ],
)
async def test_what_is_no_time_to_be_reminded_is_refused(service: Service, given: dict[str, str], pointer: str) -> None:
    answer = await service("ada", "PUT", "/v1/me/reminder", json={**ZURICH, **given})
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_a_clinic_asks_once_a_day(service: Service, clock: Clock) -> None:
    path = f"/v1/patients/{service.ada_id}/ask_to_log"
    for _ in range(2):
        assert (await service("sam", "POST", path)).status_code == 204
    assert await sent(service, "diary.asked") == 1
    clock.now += timedelta(days=1)
    await service.sign_in_again()
    await service("sam", "POST", path)
    assert await sent(service, "diary.asked") == 2


async def test_a_reminder_goes_with_the_record(service: Service) -> None:
    await set_reminder(service)
    gone = await service("root", "DELETE", f"/v1/patients/{service.ada_id}?reason=asked")
    assert gone.status_code == 204
    assert await sent(service) == 0


TODAY = date(2026, 5, 1)


def asked(written: int | None, last: int | None = None, since: int | None = None) -> bool:
    """Whether somebody is reminded who wrote so many days ago, was reminded, and is well since."""
    days = [None if one is None else TODAY - timedelta(one) for one in (written, last, since)]
    return is_asked(
        TODAY, written_on=days[0], last_on=days[1], phase=None if since is None else "relief", since_on=days[2]
    )


def test_who_is_well_for_long_is_asked_every_third_day() -> None:
    assert [asked(days, since=90) for days in (0, 1, 2, 3, 4)] == [False, False, False, True, True]
    assert [asked(days, since=89) for days in (0, 1)] == [False, True]
    assert asked(None, since=400)
    assert not asked(5, last=0)
    assert asked(5, last=1)


@given(
    st.integers(0, 365 * 24 * 3600).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.times(),
    st.sampled_from(("Europe/Zurich", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati")),
)
def test_the_next_time_lies_ahead_and_shows_on_the_clocks(now: datetime, at: time, zone: str) -> None:
    at = at.replace(second=0, microsecond=0)
    due = next_time(at, ZoneInfo(zone), now)
    assert now < due <= now + timedelta(hours=25)
    shown = due.astimezone(ZoneInfo(zone)).time()
    skipped = due.astimezone(UTC).astimezone(ZoneInfo(zone)).time() != at  # an hour that there is not on that day
    assert shown == at or skipped


def test_the_night_is_quiet() -> None:
    assert [is_quiet(time(*one)) for one in ((21, 59), (22, 0), (3, 0), (6, 59), (7, 0))] == [
        False,
        True,
        True,
        True,
        False,
    ]
