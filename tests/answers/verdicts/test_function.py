"""What the diary says besides pain: daily life that gets harder, days off sick, the patient's word for a flare-up."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.answers.verdicts.function import function_falls, told_flare_ups
from app.record.diary.content import EntryContent
from app.record.diary.service import DayEntry
from tests.alerts.flags.test_conclusions import flags, work
from tests.support import Service, entry

PERFORMED = date(2026, 1, 1)
TODAY = PERFORMED + timedelta(days=120)


def diary(*stretches: tuple[int, int, EntryContent], every: int = 1) -> list[DayEntry]:
    """Entries from so many days ago to so many days ago, with the same content."""
    out = []
    for since, until, content in stretches:
        for ago in range(since, until - 1, -every):
            on = TODAY - timedelta(days=ago)
            at = datetime(on.year, on.month, on.day, tzinfo=UTC)
            out.append(DayEntry(on, 1, at, at, content, None))
    return out


@pytest.mark.parametrize(
    ("usual", "now", "falls"),
    [(2.0, 4.0, True), (2.0, 3.5, False), (2.0, 2.0, False), (6.0, 2.0, False)],
)
def test_two_points_more_interference_than_usual(usual: float, now: float, falls: bool) -> None:
    entries = diary((60, 14, {"interference": usual}), (13, 0, {"interference": now}))
    assert function_falls(entries, PERFORMED, TODAY) is falls


@pytest.mark.parametrize(
    ("since", "until", "falls"),
    [((23, 14), (4, 0), True), ((22, 14), (4, 0), False), ((23, 14), (3, 0), False)],
)
def test_few_days_say_nothing(since: tuple[int, int], until: tuple[int, int], falls: bool) -> None:
    entries = diary((*since, {"interference": 1.0}), (*until, {"interference": 9.0}))
    assert function_falls(entries, PERFORMED, TODAY) is falls


def test_the_first_weeks_are_nobodys_usual() -> None:
    entries = diary((60, 14, {"interference": 1.0}), (13, 0, {"interference": 5.0}))
    assert function_falls(entries, TODAY - timedelta(days=75), TODAY)
    assert not function_falls(entries, TODAY - timedelta(days=36), TODAY), "nine days after the first two weeks"


@pytest.mark.parametrize(
    ("before", "now", "falls"), [("working", 3, True), ("working", 2, False), ("off_sick", 3, False)]
)
def test_days_off_sick_where_there_were_none(before: str, now: int, falls: bool) -> None:
    entries = diary((40, 14, {"work": "working"}), (14, 14, {"work": before}), (now - 1, 0, {"work": "off_sick"}))
    assert function_falls(entries, PERFORMED, TODAY) is falls


def test_the_patients_own_word_for_a_flare_up_is_told() -> None:
    assert told_flare_ups(diary((30, 14, {"flare_up": True}), (13, 0, {"flare_up": False})), PERFORMED, TODAY) == []
    (told,) = told_flare_ups(diary((15, 12, {"flare_up": True})), PERFORMED, TODAY)
    last = TODAY - timedelta(days=12)
    assert told.says == f"the patient calls 2 days of the last 14 a flare-up, the last {last}"


@pytest.mark.anyio
async def test_falling_function_is_flagged_and_listed_while_pain_holds(service: Service) -> None:
    procedure = await service.new_procedure(performed_on="2026-01-02", baseline_pain=7)
    days = [date(2026, 1, 3) + timedelta(days=i) for i in range(118)]
    entries: list[dict[str, Any]] = [
        {"date": str(on), **entry(2 + i % 2, interference=6 if i > 105 else 2, flare_up=i > 115)}
        for i, on in enumerate(days)
    ]
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    await work(service)
    (flag,) = [one for one in await flags(service, "state=open") if one["kind"] == "falling_function"]
    assert (flag["severity"], flag["procedure_id"]) == ("soon", procedure)
    verdict = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()
    assert verdict["phase"] == "relief"
    assert [one["says"] for one in verdict["confounders"] if one["kind"] == "flare_up"] == [
        "the patient calls 2 days of the last 14 a flare-up, the last 2026-04-30"
    ]
