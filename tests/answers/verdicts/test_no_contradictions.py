"""Nothing that is said of a procedure contradicts anything else that is: hundreds of made records, checked by rule."""

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, get_args

import pytest

from app.answers.verdicts.assemble import VerdictMaterial
from app.answers.verdicts.schemas import VerdictOut
from app.base.languages.sentences import sentence
from app.base.languages.speaking import speaking
from app.record.diary.service import DayEntry
from app.record.events.schemas import EventIn
from app.record.procedures.schemas import ProcedureIn
from app.relief import ONSET_LEVEL, SETTLING_DAYS, Definition
from app.rules.days import spoken_day
from app.rules.parameters import KNOWN_FOR, MOST_FACTS
from app.rules.words import LATERALITIES, Laterality
from tests.answers.verdicts.test_courses import START, all_made, entries, material, procedure

RECORDS = 120
SPOKEN = re.compile(
    r"\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
)
WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}")
Case = tuple[VerdictOut, ProcedureIn, list[DayEntry], date]


def a_record(seed: int) -> tuple[list[ProcedureIn], list[DayEntry], list[EventIn], int, Definition]:
    """A life at random: how bad it was, what the treatment did and for how long, gaps, repeats, ends, a day to ask on."""
    chance = random.Random(seed)
    side: Laterality = chance.choice(LATERALITIES)
    baseline = chance.choice([0.0, 2.0, 4.5, 6.0, 7.0, 8.5])
    day, scores = -14 if chance.random() < 0.8 else 1, dict[int, float]()
    begins = chance.choice([1, 1, 1, 30, 80])
    level = baseline
    last = chance.choice([5, 40, 70, 150, 260, 420])
    changes = iter(sorted(chance.sample(range(1, 420), 4)))
    following = next(changes)
    while day <= last:
        if day == following:
            level = baseline * chance.choice([0.0, 0.15, 0.3, 0.46, 0.54, 0.7, 1.0, 1.2])
            following = next(changes, 10_000)
        silent = 0 < day < begins or chance.random() < 0.15 or (seed % 5 == 0 and 90 < day < 200)
        if not silent:
            scores[day] = min(10.0, max(0.0, round(2 * (level + chance.gauss(0, 0.8))) / 2))
        day += 1
    recorded = {"baseline_pain": baseline} if chance.random() < 0.5 else {}
    treated = [procedure(0, side, "L4-5", **recorded)]
    if chance.random() < 0.3:
        treated.append(procedure(chance.choice([40, 120, 300]), side, chance.choice(["L4-5", "L2-3"])))
    events = []
    if chance.random() < 0.25:
        on = (START + timedelta(days=chance.randint(10, 300))).isoformat()
        kind = chance.choice(["surgery", "death", "moved_away", "injury"])
        where = {"region": "lumbar"} if kind in ("surgery", "injury") else {}
        events.append(EventIn.model_validate({"kind": kind, "happened_on": on, **where}))
    asked = max(1, last + chance.choice([-30, 0, 0, 20, 60]))
    spoken_of = side if side != "bilateral" or chance.random() < 0.5 else "both"
    return (
        treated,
        entries(scores, "both" if spoken_of == "bilateral" else spoken_of),
        events,
        asked,
        chance.choice(get_args(Definition)),
    )


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    asked_of = list[tuple[ProcedureIn, list[DayEntry], VerdictMaterial]]()
    for seed in range(RECORDS):
        treated, diary, events, asked, definition = a_record(seed)
        for number, own in enumerate(treated, 1):
            if own.performed_on <= START + timedelta(days=asked):
                one = material(number, treated, diary, day=asked, events=events, definition=definition)
                asked_of.append((own, diary, one))
    return [
        (VerdictOut.model_validate_json(found.body), own, diary, one.as_of)
        for (own, diary, one), found in zip(asked_of, all_made([one for *_, one in asked_of]), strict=True)
    ]


def last_told(verdict: VerdictOut) -> date:
    return verdict.as_of if verdict.followed_until is None else verdict.followed_until - timedelta(days=1)


def percent_said(verdict: VerdictOut) -> int | None:
    found = re.search(r"[rR]elief (-?\d+) % ", verdict.says.partition(". ")[2])
    return None if found is None else int(found[1])


def faults(verdict: VerdictOut, own: ProcedureIn, logged: set[date]) -> Iterator[str]:
    """Each rule that a verdict breaks."""
    v, until, says = verdict, last_told(verdict), verdict.says
    facts = says.partition(". ")[2].split("; ")
    percent = v.current.relief_percent
    if len(facts) > MOST_FACTS:
        yield "more than four facts"
    said = percent_said(v)
    if said is not None and not v.sides and (percent is None or said != round(percent)):
        yield "relief said is not the modelled relief"
    least = 100 * (1 - ONSET_LEVEL[v.definition])
    reached = max((p for p in v.days.relief_percent if p is not None), default=0.0) >= least
    if "never reached" in says and reached:
        yield "it was reached"
    if "silent for 0 days" in says or (
        (found := re.search(r"silent for (\d+) days", says)) and int(found[1]) <= KNOWN_FOR
    ):
        yield "silent for no time"
    if ("still settling" in says.lower()) != (v.phase == "settling" and v.closed_by is None):
        yield "settling or not"
    if v.phase == "settling" and (until - own.performed_on).days > SETTLING_DAYS + 28:
        yield "settling for ever"
    if ("ollowed until" in says) != (v.followed_until is not None):
        yield "closed or not"
    if v.forecast is not None and (v.phase != "relief" or v.closed_by is not None):
        yield "a forecast without relief"
    if "ends within 90 days" in says and v.forecast is None:
        yield "a forecast that is none"
    if "Pain returned" in says.replace("pain", "Pain") and v.return_.on is None and len(v.spells) < 2 and not v.sides:
        yield "a return without a day"
    if any(WRITTEN.search(told) for told in (says, *(one.says for one in v.confounders))):
        yield "a day that is not in words"
    if v.phase == "no_relief" and (v.return_.on is not None or v.return_.probability > 0):
        yield "a return from no relief"
    if v.phase == "returned" and v.censored and len(v.spells) < 2:
        yield "returned and censored"
    for low, on, high in ((v.onset_low, v.onset_on, v.onset_high), (v.return_.low, v.return_.on, v.return_.high)):
        if on is not None and not (low is not None and high is not None and low <= on <= high):
            yield "a day outside its interval"
    now = v.current
    if now.level is not None and not (
        now.low is not None and now.high is not None and now.low <= now.level <= now.high
    ):
        yield "a level outside its band"
    if v.relief_days is not None and v.held_days is not None and v.held_days > v.relief_days:
        yield "held for longer than since the procedure"
    if any(one.to_on is not None and one.from_on is not None and one.to_on < one.from_on for one in v.spells):
        yield "a spell that ends before it begins"
    if any(not own.performed_on < why.date <= until or why.date not in logged for why in v.why):
        yield "an entry that decided it is none"
    if v.days.date and (v.days.date[0] != own.performed_on + timedelta(days=1) or v.days.date[-1] != until):
        yield "the picture ends elsewhere"
    if v.baseline.pain is None and (v.phase != "unknown" or percent is not None):
        yield "computed from nothing"
    if v.response == "none" and v.phase in ("relief", "returned") and v.definition == "half":
        yield "response at odds with the phase"
    days = {spoken_day(v.as_of - timedelta(days=n)) for n in range((v.as_of - own.performed_on).days + 2)}
    if v.phase != "returning" and any(one not in days for one in SPOKEN.findall(says)) and "interval" not in says:
        outside = [one for one in SPOKEN.findall(says) if one not in days]
        if not any(f"({one}" in says or f"to {one}" in says for one in outside):  # an interval may reach beyond
            yield f"a day that is none of its own: {outside}"


def test_no_verdict_contradicts_itself(cases: list[Case]) -> None:
    found: dict[str, list[str]] = {}
    for verdict, own, diary, _ in cases:
        for fault in faults(verdict, own, {one.date for one in diary}):
            found.setdefault(fault, []).append(f"{verdict.phase} {verdict.definition}: {verdict.says}")
    assert {fault: (len(where), where[:3]) for fault, where in found.items()} == {}


def test_the_records_are_of_every_kind(cases: list[Case]) -> None:
    phases: dict[str, int] = {}
    for verdict, *_ in cases:
        phases[verdict.phase] = phases.get(verdict.phase, 0) + 1
    assert set(phases) == {"unknown", "settling", "no_relief", "relief", "returning", "returned"}, phases
    assert {verdict.closed_by for verdict, *_ in cases} >= {None, "repeat", "surgery", "death", "moved_away"}
    assert sum(any(c.kind == "staged" for c in verdict.confounders) for verdict, *_ in cases) >= 3
    assert {verdict.definition for verdict, *_ in cases} == set(get_args(Definition))
    assert len({len(verdict.spells) for verdict, *_ in cases}) >= 3


def test_a_broken_sentence_would_be_noticed(cases: list[Case]) -> None:
    """The rules themselves: a verdict changed in one place breaks one."""
    verdict, own, diary, _ = next(case for case in cases if case[0].phase == "relief" and case[0].closed_by is None)
    logged = {one.date for one in diary}
    broken: list[dict[str, Any]] = [
        {"says": verdict.says + " never reached half", "days": verdict.days},
        {"says": "x. still settling"},
        {"says": verdict.says.replace("elief ", "elief 1")},
        {"phase": "no_relief", "return_": verdict.return_.model_copy(update={"probability": 0.5})},
        {"followed_until": verdict.as_of},
        {"onset_on": verdict.as_of, "onset_low": own.performed_on, "onset_high": own.performed_on},
    ]
    for change in broken:
        assert list(faults(verdict.model_copy(update=change), own, logged)), change


ENGLISH = re.compile(  # words of these sentences that are words in none of the other languages
    r"\b(?:the|of|is|has|have|been|pain|days|ago|after|before|since|until|relief|diary|level|scores|nothing|that|and|with|by)\b"
)


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_each_sentence_is_said_whole_in_each_language(cases: list[Case], language: str) -> None:
    said = [text for v, *_ in cases for text in (v.says, *(c.says for c in v.confounders), *(w.says for w in v.why))]
    with speaking(language):
        left = {text: found for text in said if (found := ENGLISH.findall(sentence(text)))}
    assert left == {}
