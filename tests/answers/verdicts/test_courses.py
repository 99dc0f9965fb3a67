"""Courses of treatment: what is a repeat, what one treatment in stages, and what closes the watch of what came before."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make, make_all
from app.answers.verdicts.engine_input import to_diary
from app.answers.verdicts.record import PatientRecord
from app.answers.verdicts.schemas import VerdictOut
from app.record.diary.content import EntryContent
from app.record.diary.service import DayEntry
from app.record.events.schemas import EventIn
from app.record.facts.kinds import B, Fact
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import Performed, first_stage, performed, repeat_of, same_place, staged_with, stages
from app.relief import Definition
from app.rules.words import Laterality, Region

START = date(2025, 1, 10)
WHO = UUID(int=1)


def fact(body: B, number: int) -> Fact[B]:
    made = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return Fact(WHO, UUID(int=number), WHO, 1, body, body.content(), made)


def treated(number: int, day: int = 0, side: Laterality = "left", *joints: str, region: Region = "lumbar") -> Performed:
    on = START + timedelta(days=day)
    return Performed(UUID(int=number), on, region, side, frozenset(joints) or None)


def links(*everything: Performed) -> list[tuple[int | None, int | None]]:
    """For each, which it repeats and which it is staged with, by their numbers."""
    found = [(repeat_of(one, everything), staged_with(one, everything)) for one in everything]
    return [(None if a is None else a.int, None if b is None else b.int) for a, b in found]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (treated(2, 42, "left", "C6-7", region="cervical"), (None, 1)),  # other levels, six weeks later: one treatment
        (treated(2, 42, "left", "C3-4", region="cervical"), (1, None)),
        (treated(2, 42, "left", "C3-4", "C4-5", region="cervical"), (1, None)),
        (treated(2, 42, "left", region="cervical"), (1, None)),  # levels not known: may be the same
        (treated(2, 42, "right", "C3-4", region="cervical"), (None, 1)),
        (treated(2, 42, "bilateral", "C3-4", region="cervical"), (1, None)),
        (treated(2, 42, "bilateral", "C6-7", region="cervical"), (None, 1)),
        (treated(2, 180, "right", "C3-4", region="cervical"), (None, 1)),
        (treated(2, 181, "right", "C3-4", region="cervical"), (None, None)),
        (treated(2, 181, "left", "C6-7", region="cervical"), (None, None)),
        (treated(2, 42, "left", "L4-5"), (None, None)),
    ],
)
def test_a_repeat_has_a_level_and_a_side_in_common(second: Performed, expected: tuple[int | None, int | None]) -> None:
    first = treated(1, 0, "left", "C3-4", region="cervical")
    assert links(first, second) == [(None, None), expected]
    assert same_place(first, second) == same_place(second, first) == (expected[0] is not None)


def test_a_treatment_in_three_stages_has_one_beginning() -> None:
    one, two, three = treated(1, 0, "left", "L4-5"), treated(2, 30, "right", "L4-5"), treated(3, 60, "left", "L2-3")
    alone = treated(4, 400, "left", "L4-5")
    everything = [one, two, three, alone]
    assert [first_stage(p, everything) for p in everything] == [one, one, one, alone]
    assert stages(two, everything) == [one, two, three]
    assert stages(alone, everything) == [alone]
    assert repeat_of(alone, everything) == one.id


def procedure(day: int, side: str, *joints: str, **more: Any) -> ProcedureIn:
    on = (START + timedelta(days=day)).isoformat()
    told = {"performed_on": on, "region": "lumbar", "laterality": side, "joints": list(joints) or None, **more}
    return ProcedureIn.model_validate({name: value for name, value in told.items() if value is not None})


def entries(scores: dict[int, float], side: str) -> list[DayEntry]:
    """One score a day, counted from the first procedure."""
    out = []
    for day, score in scores.items():
        on = START + timedelta(days=day)
        written = datetime(on.year, on.month, on.day, 19, tzinfo=UTC)
        content = cast(EntryContent, {"pain": [{"region": "lumbar", "side": side, "average": score}]})
        out.append(DayEntry(on, 1, written, written, content, None))
    return out


def made(
    own: int,
    bodies: list[ProcedureIn],
    diary: list[DayEntry],
    *,
    day: int,
    events: list[EventIn] | None = None,
    definition: Definition = "half",
) -> tuple[VerdictOut, AssembledVerdict]:
    found = make(material(own, bodies, diary, day=day, events=events, definition=definition))
    return VerdictOut.model_validate_json(found.body), found


def all_made(asked: list[VerdictMaterial]) -> list[AssembledVerdict]:
    """The verdicts of materials of any definitions, side by side."""
    out: dict[int, AssembledVerdict] = {}
    for definition in {one.definition for one in asked}:
        some = [i for i, one in enumerate(asked) if one.definition == definition]
        for i, found in zip(some, make_all([asked[i] for i in some]), strict=True):
            if isinstance(found, Exception):
                raise found
            out[i] = found
    return [out[i] for i in range(len(asked))]


def material(
    own: int,
    bodies: list[ProcedureIn],
    diary: list[DayEntry],
    *,
    day: int,
    events: list[EventIn] | None = None,
    definition: Definition = "half",
) -> VerdictMaterial:
    facts = [fact(body, number) for number, body in enumerate(bodies, 1)]
    happened = [fact(event, 50 + number) for number, event in enumerate(events or [])]
    as_of = START + timedelta(days=day)
    return VerdictMaterial(
        clinic_id=WHO,
        patient_id=WHO,
        procedure_id=facts[own - 1].id,
        record_version=1,
        time_zone="Europe/Zurich",
        born_on=date(1960, 1, 1),
        own=facts[own - 1],
        record=PatientRecord(facts, [], happened, [], []),
        entries=sorted((one for one in diary if one.date <= as_of), key=lambda one: one.date),
        as_of=as_of,
        as_known_on=None,
        definition=definition,
    )


def course(*parts: tuple[int, int, float]) -> dict[int, float]:
    """Scores of stretches: from a day until before another, near a level."""
    return {day: level + 0.5 * (day % 2) for first, last, level in parts for day in range(first, last)}


RELIEVED = course((-14, 0, 7), (1, 15, 4), (15, 400, 1.5))


def test_left_c3_4_and_later_left_c6_7_cut_neither_watch_and_share_the_baseline_before_the_first() -> None:
    both = [procedure(0, "left", "L2-3"), procedure(42, "left", "L4-5")]
    diary = entries(RELIEVED, "left")
    first, _ = made(1, both, diary, day=200)
    second, _ = made(2, both, diary, day=200)
    assert (first.closed_by, first.phase, first.censored) == (None, "relief", True)
    assert first.relief_days == 200
    assert (second.baseline.source, second.baseline.pain) == ("course", first.baseline.pain)
    assert first.baseline.source == "diary"
    assert [[c.kind for c in v.confounders if c.kind == "staged"] for v in (first, second)] == [["staged"], ["staged"]]
    assert "L4-5 of the same side was treated on 21 February 2025" in first.confounders[-1].says


def test_scores_for_both_sides_credit_neither_stage_with_the_relief_of_the_other() -> None:
    """Left brings nothing; from the day of the right on it gets better: no score says on which side."""
    both = [procedure(0, "left", "L4-5"), procedure(60, "right", "L4-5")]
    diary = entries(course((-14, 60, 7), (60, 70, 4), (70, 300, 1.5)), "both")
    left, _ = made(1, both, diary, day=250)
    right, _ = made(2, both, diary, day=250)
    assert (left.onset_on, right.onset_on) == (None, None)
    assert left.phase != "relief" and right.phase == "unknown"
    assert (left.baseline.pain, right.baseline.pain) == (7.25, None), (
        "before the right, scores were of the left as well"
    )
    assert "Scores are of both sides together since 11 March 2025" in right.says
    assert "silent" not in right.says + left.says and "complete" not in right.says
    assert "the right side was treated on 11 March 2025" in left.confounders[-1].says


def test_sides_told_apart_are_judged_each_by_its_own() -> None:
    both = [procedure(0, "left", "L4-5"), procedure(60, "right", "L4-5")]
    left_scores = entries(course((-14, 300, 7)), "left")
    right_scores = entries(course((-14, 60, 7), (60, 300, 1.5)), "right")
    merged = [
        DayEntry(a.date, 1, a.received_at, a.recorded_at, cast(EntryContent, _joined(a, right_scores)), None)
        for a in left_scores
    ]
    left, _ = made(1, both, merged, day=250)
    right, _ = made(2, both, merged, day=250)
    assert (left.phase, right.phase) == ("no_relief", "relief")


def _joined(one: DayEntry, others: list[DayEntry]) -> dict[str, Any]:
    more = [p for other in others if other.date == one.date for p in other.content["pain"]]
    return {"pain": [*one.content["pain"], *more]}


def test_a_repeat_ends_the_watch_of_what_it_repeats() -> None:
    both = [procedure(0, "left", "L4-5"), procedure(300, "left", "L4-5")]
    scores = course((-14, 0, 7), (1, 150, 1.5), (150, 300, 7), (301, 420, 2))
    first, kept = made(1, both, entries(scores, "left"), day=400)
    assert (first.closed_by, first.followed_until) == ("repeat", START + timedelta(days=300))
    assert first.phase == "returned"
    assert len(first.days.date) == 299, "the picture ends there"
    assert "10 January 2025. Followed until 6 November 2025: repeated; pain 3 % above" in first.says
    assert first.forecast is None
    outcome = kept.outcome
    assert (outcome.ended, outcome.closed, outcome.newest) == ("return", "repeat", False)
    before, _ = made(1, both, entries(scores, "left"), day=299)
    assert (before.closed_by, before.followed_until) == (None, None)


def test_a_repeat_says_its_relief_against_the_pain_before_the_first_as_well() -> None:
    both = [procedure(0, "left", "L4-5"), procedure(300, "left", "L4-5")]
    scores = course((-14, 0, 8), (1, 150, 1.5), (150, 300, 5), (301, 420, 2))
    repeat, kept = made(2, both, entries(scores, "left"), day=400)
    assert repeat.course is not None
    assert (repeat.course.baseline_pain, repeat.baseline.source) == (8.25, "diary")
    percent, of_first = repeat.current.relief_percent, repeat.course.relief_percent
    assert percent is not None and of_first is not None
    assert of_first > percent + 10
    assert f"{of_first:.0f} % against the pain before the first procedure" in repeat.says
    assert kept.outcome.newest
    first, _ = made(1, both, entries(scores, "left"), day=400)
    assert first.course is None


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"kind": "surgery", "region": "lumbar"}, "surgery"),
        ({"kind": "death"}, "death"),
        ({"kind": "moved_away"}, "moved away"),
    ],
)
def test_what_ended_the_watch_is_said_and_nothing_after_it_is_judged(event: dict[str, str], says: str) -> None:
    ended = EventIn.model_validate({"happened_on": (START + timedelta(days=100)).isoformat(), **event})
    scores = course((-14, 0, 7), (1, 100, 1.5), (100, 200, 7))
    verdict, kept = made(1, [procedure(0, "left")], entries(scores, "left"), day=200, events=[ended])
    assert f"Followed until 20 April 2025: {says}; relief" in verdict.says
    assert (verdict.phase, verdict.censored, verdict.relief_days) == ("relief", True, 99)
    assert kept.outcome.closed == event["kind"]


def test_nothing_is_still_settling_and_no_diary_silent_after_a_stop() -> None:
    ended = EventIn.model_validate({"happened_on": (START + timedelta(days=20)).isoformat(), "kind": "moved_away"})
    verdict, _ = made(
        1, [procedure(0, "left")], entries(course((-14, 0, 7), (1, 20, 6)), "left"), day=200, events=[ended]
    )
    assert "Followed until 30 January 2025: moved away; nothing was decided by then" in verdict.says
    assert "settling" not in verdict.says and "silent" not in verdict.says


def test_side_effects_after_the_end_of_the_watch_are_not_of_it() -> None:
    both = [procedure(0, "left", "L4-5"), procedure(300, "left", "L4-5")]
    late = entries({310: 3.0}, "left")[0]
    numb = cast(EntryContent, {**late.content, "side_effects": [{"kind": "numbness", "severity": 1}]})
    diary = [*entries(RELIEVED, "left")[:200], DayEntry(late.date, 1, late.received_at, late.recorded_at, numb, None)]
    first, _ = made(1, both, diary, day=350)
    repeat, _ = made(2, both, diary, day=350)
    assert (first.side_effects, [e.kind for e in repeat.side_effects]) == ([], ["numbness"])


def test_where_sides_differ_the_sentence_names_them() -> None:
    left = entries(course((-14, 0, 7), (1, 150, 1.5), (150, 260, 7)), "left")
    right = entries(course((-14, 0, 7), (1, 260, 1.5)), "right")
    merged = [
        DayEntry(a.date, 1, a.received_at, a.recorded_at, cast(EntryContent, _joined(a, right)), None) for a in left
    ]
    verdict, _ = made(1, [procedure(0, "bilateral")], merged, day=250)
    phases = {side.side: side.phase for side in verdict.sides}
    assert phases == {"left": "returned", "right": "relief"}
    assert "250 days ago. Left: pain returned on" in verdict.says
    assert ", right: relief 7" in verdict.says


@pytest.mark.parametrize(("right", "named"), [(1.0, True), (2.5, False)])
def test_sides_in_relief_of_different_size_are_named(right: float, named: bool) -> None:
    """Both stand in relief; one number would be that of the worse side, and say so nowhere."""
    left = entries(course((-14, 0, 7), (1, 150, 2.8)), "left")
    other = entries(course((-14, 0, 7), (1, 150, right)), "right")
    merged = [
        DayEntry(a.date, 1, a.received_at, a.recorded_at, cast(EntryContent, _joined(a, other)), None) for a in left
    ]
    verdict, _ = made(1, [procedure(0, "bilateral")], merged, day=150)
    assert {side.phase for side in verdict.sides} == {"relief"}
    assert ("Left: relief" in verdict.says and ", right: relief" in verdict.says) is named, verdict.says


@pytest.mark.parametrize(("level", "meaningful"), [(4.2, True), (5.6, False)])  # of 7: 40 % and 20 %
def test_meaningful_relief_is_said_of_a_side_that_has_none_by_definition(level: float, meaningful: bool) -> None:
    left = entries(course((-14, 0, 7), (1, 150, level)), "left")
    other = entries(course((-14, 0, 7), (1, 150, 1.0)), "right")
    merged = [
        DayEntry(a.date, 1, a.received_at, a.recorded_at, cast(EntryContent, _joined(a, other)), None) for a in left
    ]
    verdict, _ = made(1, [procedure(0, "bilateral")], merged, day=150)
    assert {side.side: side.phase for side in verdict.sides} == {"left": "no_relief", "right": "relief"}
    assert ("Left: no relief, right" in verdict.says) is not meaningful, verdict.says
    assert ("%, but 50 % not held for four weeks, right: relief" in verdict.says) is meaningful, verdict.says


def test_performed_reads_the_joints() -> None:
    own = fact(procedure(0, "left", "L4-5"), 1)
    assert performed(own).joints == frozenset({"L4-5"})
    assert performed(fact(procedure(0, "left"), 1)).joints is None


def test_the_other_side_is_measured_against_its_own_pain_before() -> None:
    both = [procedure(0, "left", "L4-5", baseline_pain=8), procedure(60, "right", "L4-5", baseline_pain=5)]
    right, _ = made(2, both, entries(course((44, 60, 5), (60, 200, 3)), "right"), day=180)
    assert (right.baseline.source, right.baseline.pain) == ("diary", 5.25)
    told, _ = made(2, both, [], day=180)
    assert (told.baseline.source, told.baseline.pain) == ("clinic", 5.0)


def test_other_levels_have_no_baseline_where_the_first_had_none() -> None:
    both = [procedure(0, "left", "L2-3"), procedure(56, "left", "L5-S1", baseline_pain=3)]
    second, _ = made(2, both, entries(course((1, 200, 3)), "left"), day=180)
    assert (second.baseline.pain, second.phase) == (None, "unknown"), "3 was taken under the relief of the first"


def test_a_treatment_ends_180_days_after_its_first_date_and_treats_no_place_twice() -> None:
    chain = [treated(1, 0, "left", "L3-4"), treated(2, 145, "right", "L3-4"), treated(3, 295, "left", "L5-S1")]
    assert [first_stage(p, chain).id.int for p in chain] == [1, 1, 3]
    rounds = [
        treated(1, 0, "left", "L4-5"),
        treated(2, 40, "right", "L4-5"),
        treated(3, 400, "left", "L4-5"),
        treated(4, 440, "right", "L4-5"),
    ]
    assert links(*rounds) == [(None, None), (None, 1), (1, None), (2, 3)]


def test_a_score_for_both_sides_is_of_neither_from_the_day_of_the_second_on() -> None:
    days = entries({59: 4.0, 60: 4.0, 61: 4.0}, "both")
    on = START + timedelta(days=60)
    told = to_diary(days, "lumbar", laterality="left", time_zone="Europe/Zurich", apart_from=on)
    assert [score == score for score in told.score("left").tolist()] == [True, False, False]
    whole = to_diary(days, "lumbar", laterality="left", time_zone="Europe/Zurich")
    assert whole.score("left").tolist() == [4.0, 4.0, 4.0]
