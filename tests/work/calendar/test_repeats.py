"""Rules of slots: bounded in what is stepped, true to RFC 5545 where they are taken, refused in milliseconds where not."""

import threading
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.http.problems import Problem
from app.work.calendar import repeats as repeats_module
from app.work.calendar import slots
from app.work.calendar.repeats import occurrences
from app.work.calendar.schemas import SlotIn
from tests.support import Service

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ZURICH = ZoneInfo("Europe/Zurich")
FIRST = datetime(2026, 6, 2, 9, tzinfo=ZURICH)


def made(repeats: str, first: datetime = FIRST, zone: str = "Europe/Zurich") -> list[datetime]:
    new = SlotIn(clinician_id=uuid4(), starts_at=first, minutes=45, location="Room 1", repeats=repeats, time_zone=zone)
    return occurrences(new, NOW)[0]


@pytest.mark.parametrize(
    "repeats",
    [
        "FREQ=SECONDLY;COUNT=900000000",
        "FREQ=SECONDLY;COUNT=900000000\nEXRULE:FREQ=SECONDLY",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;UNTIL=20310101",
        "FREQ=DAILY;COUNT=2;DTSTART=20260101T000000",
        "DTSTART:20260101T000000\nRRULE:FREQ=DAILY;COUNT=2",
        "FREQ=DAILY;COUNT=2;COUNT=3",
        "FREQ=DAILY;INTERVAL=0;COUNT=2",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=2TU;COUNT=3",
        "FREQ=WEEKLY;BYMONTHDAY=2;COUNT=3",
        "FREQ=DAILY;COUNT=401",
        "FREQ=YEARLY;COUNT=50",
        "FREQ=DAILY;UNTIL=99991231",
        "FREQ=DAILY;COUNT=٣",
        "FREQ=DAILY;BYHOUR=99;COUNT=3",
        ";" * 150,
    ],
)
def test_a_rule_is_bounded_in_what_is_stepped(repeats: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(Problem) as caught:
        made(repeats)
    assert caught.value.status == 422
    assert time.perf_counter() - begun < 1.0  # it is milliseconds; a busy machine may pause


def test_places_are_counted_and_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of all days has thousands of times, of which a rule may want the first and the last."""
    combined: list[datetime] = []

    def combine(*given: Any) -> datetime:
        combined.append(datetime.combine(*given))
        return combined[-1]

    watched = SimpleNamespace(combine=combine, fromisoformat=datetime.fromisoformat)
    monkeypatch.setattr(repeats_module, "datetime", watched)
    every = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(0, 60, 5)))}"
    found = made(f"FREQ=YEARLY;COUNT=4;BYSETPOS=1,-1;BYDAY=MO,TU,WE,TH,FR,SA,SU;{every}")
    assert [f"{at.astimezone(ZURICH):%m-%d %H:%M}" for at in found] == ["12-31 23:55", "01-01 00:00"] * 2
    assert len(combined) < 20


@pytest.mark.parametrize("first", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=6 * 366)])
def test_a_slot_that_is_over_or_too_far_ahead_is_refused(first: datetime) -> None:
    with pytest.raises(Problem):
        made("FREQ=DAILY;COUNT=1", first)


def test_until_in_utc_a_bare_day_and_an_hour_that_is_not() -> None:
    late = datetime(2026, 6, 2, 23, 30, tzinfo=ZURICH)
    assert len(made("FREQ=DAILY;UNTIL=20260604T213000Z", late)) == 3  # 23:30 in Zurich, to the second
    assert len(made("FREQ=DAILY;UNTIL=20260604T212959Z", late)) == 2
    assert len(made("FREQ=DAILY;UNTIL=20260604", late)) == 3
    spring = datetime(2027, 3, 27, 2, 30, tzinfo=ZURICH)
    found = [at.astimezone(ZURICH).strftime("%d %H:%M") for at in made("FREQ=DAILY;COUNT=3", spring)]
    assert found == ["27 02:30", "29 02:30", "30 02:30"]  # on the 28th the clocks leave the hour out


PARTS = st.fixed_dictionaries(
    {"FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]), "COUNT": st.integers(1, 12)},
    optional={
        "INTERVAL": st.integers(1, 4),
        "BYMONTH": st.sampled_from(["6", "7,9", "2"]),
        "BYMONTHDAY": st.sampled_from(["2", "1,15", "-1"]),
        "BYDAY": st.sampled_from(["MO", "TU,TH", "MO,TU,WE,TH,FR"]),
        "BYHOUR": st.sampled_from(["9", "9,14"]),
        "WKST": st.sampled_from(["MO", "SU"]),
    },
)


@settings(max_examples=150, deadline=None)
@given(parts=PARTS)
def test_rules_are_those_of_dateutil(parts: dict[str, Any]) -> None:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    first = datetime(2026, 6, 2, 9, tzinfo=UTC)
    try:
        found = made(text, first, "UTC")
    except Problem:
        return
    expected = list(rrulestr(text, dtstart=first.replace(tzinfo=None)))
    assert [at.replace(tzinfo=None) for at in found] == expected


@pytest.mark.anyio
async def test_a_rule_is_worked_out_off_the_loop(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def watched(new: SlotIn, now: datetime) -> tuple[list[datetime], list[datetime]]:
        threads.append(threading.current_thread())
        return occurrences(new, now)

    monkeypatch.setattr(slots, "occurrences", watched)
    body = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": FIRST.isoformat(), "minutes": 45}
    answer = await service("sam", "POST", "/v1/slots", json={**body, "location": "Room 1"})
    assert answer.status_code == 201
    assert threads and threading.main_thread() not in threads
