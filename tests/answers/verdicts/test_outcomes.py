"""A verdict as a flat row: how the watch ended, the best block, the age, the little curve, at each limit."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar, cast
from uuid import UUID, uuid4

import pytest

from app.answers.verdicts.course import last_written
from app.answers.verdicts.outcomes import SPARKS, outcome_of, sparks
from app.answers.verdicts.record import PatientRecord
from app.answers.verdicts.side_effects import SideEffectCourse
from app.record.blocks.schemas import BlockIn
from app.record.contacts.schemas import ContactIn
from app.record.diary.content import EntryContent
from app.record.diary.service import DayEntry
from app.record.events.schemas import EventIn
from app.record.facts.kinds import Fact, FactIn
from app.record.procedures.schemas import ProcedureIn
from app.relief import Procedure, Verdict, judge
from app.rules.outcome import Outcome
from app.rules.parameters import KNOWN_FOR
from tests.relief.support import DAY0, course, day, diary

LAST = 200
B = TypeVar("B", bound=FactIn)
OWN_ID = uuid4()
OWN = ProcedureIn(performed_on=DAY0, region="lumbar", laterality="left", joints=["L4-5"])
RELIEF = judge(diary(course(7, 2, None, 0, LAST)), Procedure(DAY0), as_of=day(LAST))
RETURNED = judge(diary(course(7, 2, 120, 7, LAST)), Procedure(DAY0), as_of=day(LAST))
FAILED = judge(diary(course(7, 6.5, None, 0, LAST)), Procedure(DAY0), as_of=day(LAST))
BORN = date(1961, 4, 2)


def fact(body: B, which: UUID | None = None) -> Fact[B]:
    return Fact(OWN_ID, which or uuid4(), OWN_ID, 1, body, body.content(), datetime(2026, 1, 1, tzinfo=UTC))


def outcome(
    verdict: Verdict = RELIEF,
    born: date = BORN,
    effects: list[SideEffectCourse] | None = None,
    own: ProcedureIn = OWN,
    procedures: Iterable[ProcedureIn] = (),
    blocks: Iterable[BlockIn] = (),
    events: Iterable[EventIn] = (),
    contacts: Iterable[ContactIn] = (),
) -> Outcome:
    """The outcome of a verdict with what else is on record."""
    mine = fact(own, OWN_ID)
    record = PatientRecord(
        [mine, *(fact(p) for p in procedures)],
        [fact(b) for b in blocks],
        [fact(e) for e in events],
        [fact(c) for c in contacts],
        [],
    )
    written = DAY0 + timedelta(days=LAST)
    return outcome_of(verdict, mine, record, born_on=born, effects=effects or [], written=written, falls=False)


def event(on: int, kind: str = "surgery", region: str | None = "lumbar") -> EventIn:
    where = {"region": region} if region and kind in ("surgery", "injury", "new_pain") else {}
    return EventIn.model_validate({"kind": kind, "happened_on": day(on), **where})


def again(on: int, laterality: str = "left", region: str = "lumbar") -> ProcedureIn:
    return ProcedureIn.model_validate({"performed_on": day(on), "region": region, "laterality": laterality})


def block(percent: float, on: int = -30, side: str = "left", joints: str = "L4-5", before: float = 10) -> BlockIn:
    after = [{"minutes": 30, "pain": 10 - percent / 10}]
    return BlockIn.model_validate(
        {
            "agent": "lidocaine",
            "pain_before": before,
            "pain_after": after,
            "performed_on": day(on),
            "side": side,
            "joints": [joints],
        }
    )


def test_how_each_course_ended() -> None:
    assert (RELIEF.phase, RETURNED.phase, FAILED.phase) == ("relief", "returned", "no_relief")
    assert [outcome(v).ended for v in (RELIEF, RETURNED, FAILED)] == ["open", "return", "no_relief"]
    assert outcome(RELIEF).relief_days == RELIEF.relief_days
    assert outcome(RETURNED).relief_days == RETURNED.relief_days
    assert outcome(FAILED).relief_days == 0, "nothing was held for a day"
    early = judge(diary({-3: 7.0, -2: 7.0, -1: 7.0, 5: 7.0}), Procedure(DAY0), as_of=day(6))
    assert (outcome(early).ended, outcome(early).relief_days) == ("not_judged", None)


@pytest.mark.parametrize("kind", ["surgery", "death", "moved_away"])
def test_an_event_ends_the_watch_from_its_own_day_on(kind: str) -> None:
    assert [outcome(events=[event(on, kind)]).ended for on in (LAST - 1, LAST, LAST + 1)] == [kind, kind, "open"]
    assert outcome(events=[event(0, kind)]).ended == "open", "what came before it, or with it, ends nothing"
    assert outcome(RETURNED, events=[event(LAST, kind)]).ended == "return", "the return was first"
    assert outcome(FAILED, events=[event(LAST, kind)]).ended == "no_relief"


def test_only_surgery_at_the_region_ends_the_watch() -> None:
    assert outcome(events=[event(LAST, "surgery", "cervical")]).ended == "open"
    assert outcome(events=[event(LAST, "surgery", None)]).ended == "surgery"
    assert outcome(events=[event(LAST, "death", "cervical")]).ended == "death"
    assert outcome(events=[event(LAST, "injury")]).ended == "open"


@pytest.mark.parametrize(
    ("laterality", "region", "ended"),
    [
        ("left", "lumbar", "repeat"),
        ("bilateral", "lumbar", "repeat"),
        ("right", "lumbar", "open"),
        ("left", "cervical", "open"),
    ],
)
def test_a_repeat_at_the_site_ends_the_watch(laterality: str, region: str, ended: str) -> None:
    assert outcome(procedures=[again(LAST, laterality, region)]).ended == ended
    assert outcome(procedures=[again(LAST + 1, laterality, region)]).ended == "open"


def test_the_first_of_what_ended_the_watch_is_named() -> None:
    events = [event(LAST - 2, "moved_away"), event(LAST - 5)]
    assert outcome(events=events, procedures=[again(LAST - 4)]).ended == "surgery"


@pytest.mark.parametrize(("silent", "ended"), [(59, "death"), (60, "death"), (61, "open"), (100, "open")])
def test_where_the_diary_fell_silent_long_before_the_end_of_it_was_the_end(silent: int, ended: str) -> None:
    assert KNOWN_FOR == 60
    held = LAST - 1 - silent  # the watch ends the day before the event
    row = outcome(replace(RELIEF, relief_days=held), events=[event(LAST, "death")])
    assert (row.ended, row.relief_days) == (ended, held)


def test_it_is_a_repeat_where_the_site_was_treated_before() -> None:
    for on, laterality, region, expected in (
        (-1, "left", "lumbar", True),
        (-400, "bilateral", "lumbar", True),
        (-1, "right", "lumbar", False),
        (-1, "left", "cervical", False),
        (0, "left", "lumbar", False),
        (1, "left", "lumbar", False),
    ):
        assert outcome(procedures=[again(on, laterality, region)]).repeat == expected, (on, laterality, region)


def test_the_best_block_at_the_site_before_counts() -> None:
    assert outcome().block_percent is None
    assert outcome(blocks=[block(50), block(80), block(70)]).block_percent == 80
    assert [outcome(blocks=[block(80, on)]).block_percent for on in (-1, 0, 1)] == [80, 80, None]
    assert [outcome(blocks=[block(80, side=side)]).block_percent for side in ("left", "both", "right")] == [
        80,
        80,
        None,
    ]
    both = OWN.model_copy(update={"laterality": "bilateral"})
    assert outcome(blocks=[block(80, side="right")], own=both).block_percent == 80
    assert outcome(blocks=[block(80, joints="C4-5")]).block_percent is None
    unanswered = block(80).model_copy(update={"pain_after": []})
    assert outcome(blocks=[block(80, before=0), unanswered]).block_percent is None


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(1961, 1, 9), 64),
        (date(1961, 1, 10), 64),
        (date(1961, 1, 11), 63),
        (date(1961, 2, 1), 63),
        (date(1960, 12, 31), 64),
        (date(2025, 1, 10), 0),
    ],
)
def test_the_age_is_of_the_day_of_the_procedure(born: date, age: int) -> None:
    assert date(2025, 1, 10) == DAY0
    assert outcome(born=born).age == age


def test_a_birthday_of_the_29th_of_february() -> None:
    for on, age in (("2025-02-28", 40), ("2025-03-01", 41)):
        performed = date.fromisoformat(on)
        own = OWN.model_copy(update={"performed_on": performed})
        verdict = judge(diary({}), Procedure(performed), as_of=performed)
        assert outcome(verdict, own=own, born=date(1984, 2, 29)).age == age


def effect(lasting: bool, resolved: bool) -> SideEffectCourse:
    return SideEffectCourse(
        kind="numbness",
        first_on=date(2025, 1, 12),
        last_on=date(2025, 5, 1),
        days=110,
        resolved=resolved,
        most_severe=1,
        expected=False,
        lasting=lasting,
    )


def test_a_side_effect_lasts_until_it_is_gone() -> None:
    lasts, gone, short = effect(True, False), effect(True, True), effect(False, False)
    assert [outcome(effects=one).lasting for one in ([], [lasts], [gone], [short], [gone, lasts])] == [
        False,
        True,
        False,
        False,
        True,
    ]


def test_contacts_are_those_of_this_procedure() -> None:
    other = uuid4()
    made = [
        ContactIn.model_validate({"contact": name, "procedure_id": which, "done_on": day(9)})
        for name, which in (("days_1_3", OWN_ID), ("weeks_2", other), ("months_3", OWN_ID))
    ]
    assert outcome(contacts=made).contacts == "days_1_3 months_3"


def test_the_last_day_written_is_the_last_with_a_score_of_the_site_both_sides_counted() -> None:
    own = fact(OWN, OWN_ID)
    on = [entry(5, "left"), entry(9, "both"), entry(12, "right"), entry(14, "left", "cervical"), entry(-2, "left")]
    assert last_written(own, on) == DAY0 + timedelta(days=9)
    assert last_written(own, on[2:]) is None


def entry(at: int, side: str, region: str = "lumbar") -> DayEntry:
    written = datetime(2026, 1, 1, tzinfo=UTC)
    content = cast(EntryContent, {"pain": [{"region": region, "side": side, "average": 4.0}]})
    return DayEntry(DAY0 + timedelta(days=at), 1, written, written, content, None)


@pytest.mark.parametrize("length", [1, 2, SPARKS - 1, SPARKS, SPARKS + 1, 2 * SPARKS, 401])
def test_the_little_curve_has_at_most_forty_points(length: int) -> None:
    assert SPARKS == 40
    found = sparks([float(i) for i in range(length)])
    assert len(found) == min(40, length)
    assert all(value is not None for value in found)
    if length <= 40:
        assert found == [float(i) for i in range(length)]


def test_a_stretch_without_a_level_has_none() -> None:
    assert sparks([]) == []
    assert sparks([None, 2.0, None]) == [None, 2.0, None]
    assert sparks([2.0, None] * 40) == [2.0] * 40
    assert sparks([*([None] * 4), 3.04, 3.06, *([1.0] * 74)])[:4] == [None, None, 3.0, 1.0]
