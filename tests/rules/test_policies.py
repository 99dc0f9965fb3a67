"""Policies: cases from the sources, and properties that no case may break."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.rules.policies import (
    BadPolicyError,
    Block,
    Case,
    Estimate,
    FunctionGain,
    ReliefHeld,
    Session,
    evaluate,
    load_text,
    policies,
)
from app.rules.policies.months import earliest_after, months_back
from app.rules.words import Laterality, Region, Side

START, PROPOSED = date(2025, 1, 15), date(2026, 2, 20)
L45, L5S1, BOTH = frozenset({"L4-5"}), frozenset({"L5-S1"}), frozenset({"L4-5", "L5-S1"})
LONG = ((30, 1.0), (240, 1.0), (480, 6.0))  # bupivacaine: 86 % for over three hours


def session(
    on: date,
    name: str = "p1",
    region: Region = "lumbar",
    side: Laterality = "left",
    joints: frozenset[str] | None = BOTH,
) -> Session:
    return Session(name, on, region, side, joints)


def block(
    on: date = date(2024, 11, 1),
    name: str = "b1",
    before: float = 7,
    after: Any = LONG,
    agent: str = "bupivacaine",
    side: Side = "left",
    joints: frozenset[str] = L45,
    region: Region = "lumbar",
) -> Block:
    return Block(name, on, side, region, joints, agent, before, after)


def lasted(days: int, spread: int = 5, open_: bool = False) -> ReliefHeld:
    end = START + timedelta(days=days)
    width = timedelta(days=0 if open_ else spread)
    return ReliefHeld(START, end, end - width, end + width, open_)


def estimate(value: float, spread: float = 0) -> Estimate:
    return Estimate(value, value - spread, value + spread)


TWO = (block(), block(date(2024, 11, 15), "b2"))
GOOD = Case(
    PROPOSED,
    "lumbar",
    "left",
    BOTH,
    (session(START),),
    TWO,
    estimate(75, 5),
    lasted(280),
    (),
    estimate(6, 0.5),
    technique="thermal",
    temperature_c=80,
    pain_since=date(2023, 1, 1),
    care=(("physiotherapy", 8.0),),
)
M, N, U, P = "met", "not_met", "unknown", "needs_a_person"
SOON = session(date(2025, 9, 1), "p2")
THORACIC = {"region": "thoracic", "joints": frozenset({"T7-8"})}
SACROILIAC = {"region": "sacroiliac", "joints": frozenset({"SI"})}
LATE_BLOCKS = (block(date(2025, 11, 1)), block(date(2025, 11, 15), "b2"))
LATER, MARCH, WINDOW = date(2024, 11, 15), date(2025, 3, 1), "sessions_in_window"


def second(**differs: Any) -> dict[str, Any]:
    """The good first block, and a second one that differs."""
    return {"blocks": (block(), block(**{"on": LATER, "name": "b2", **differs}))}


def done(*sessions: Session) -> dict[str, Any]:
    return {"sessions": sessions}


THEN = {"proposed_on": date(2024, 12, 31), "sessions": (), "blocks": TWO}
# policy, what differs from the good case, rule, result
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("medicare-lcd", {}, "blocks_before", M),
    ("medicare-lcd", {"blocks": ()}, "blocks_before", U),
    ("medicare-lcd", {"blocks": (block(),)}, "blocks_before", N),
    ("medicare-lcd", {"blocks": (block(), block(name="b2"))}, "blocks_before", N),  # two on one day
    ("medicare-lcd", second(after=((30, 2.0), (240, 2.0), (480, 6.0))), "blocks_before", N),
    ("medicare-lcd", second(after=((30, 1.0), (60, 6.0))), "blocks_before", N),
    ("medicare-lcd", second(after=((30, 1.0), (60, 1.0))), "blocks_before", U),
    ("medicare-lcd", second(after=()), "blocks_before", U),
    ("medicare-lcd", second(before=0), "blocks_before", U),
    ("medicare-lcd", second(side="right"), "blocks_before", N),
    ("medicare-lcd", second(joints=frozenset({"L2-3"})), "blocks_before", N),
    (
        "medicare-lcd",
        {"blocks": (block(), block(date(2025, 6, 1), "b2"))},
        "blocks_before",
        N,
    ),  # after the first procedure
    ("medicare-lcd", second(agent="other"), "blocks_before", U),
    ("medicare-lcd", {}, "relief_percent", M),
    ("medicare-lcd", {"relief": estimate(50)}, "relief_percent", M),
    ("medicare-lcd", {"relief": estimate(49.6)}, "relief_percent", N),
    ("medicare-lcd", {"relief": estimate(49.9999)}, "relief_percent", N),
    ("medicare-lcd", {"relief": estimate(52, 4)}, "relief_percent", P),
    ("medicare-lcd", {"relief": estimate(48, 4)}, "relief_percent", P),
    ("medicare-lcd", {"relief": None}, "relief_percent", U),
    ("medicare-lcd", {}, "relief_duration", M),
    ("medicare-lcd", {"lasted": lasted(150)}, "relief_duration", N),
    ("medicare-lcd", {"lasted": lasted(181, 5)}, "relief_duration", P),
    ("medicare-lcd", {"lasted": lasted(186, 5)}, "relief_duration", M),  # 15 January to 15 July are 181 days
    ("medicare-lcd", {"lasted": lasted(0, 0)}, "relief_duration", N),
    ("medicare-lcd", {"lasted": lasted(200, open_=True)}, "relief_duration", M),
    ("medicare-lcd", {"lasted": lasted(100, open_=True), "proposed_on": date(2025, 5, 1)}, "relief_duration", N),
    ("medicare-lcd", {"lasted": lasted(100, open_=True)}, "relief_duration", U),  # the diary fell silent
    ("medicare-lcd", {"lasted": None}, "relief_duration", U),
    ("medicare-lcd", {}, "function_gain", U),
    ("medicare-lcd", {"gains": (FunctionGain(50, "activities"),)}, "function_gain", M),
    ("medicare-lcd", {"gains": (FunctionGain(49.6, "activities"),)}, "function_gain", N),
    ("medicare-lcd", {"gains": (FunctionGain(60, "peg"),)}, "function_gain", P),
    ("medicare-lcd", {}, WINDOW, M),
    ("medicare-lcd", done(session(START), SOON), WINDOW, M),
    ("medicare-lcd", done(session(date(2025, 3, 1)), SOON), WINDOW, N),
    ("medicare-lcd", done(session(date(2025, 2, 20)), SOON), WINDOW, M),  # a year ago to the day
    ("medicare-lcd", done(session(date(2025, 2, 21)), SOON), WINDOW, N),
    ("medicare-lcd", done(session(MARCH), session(date(2025, 3, 1), "p2", side="right")), WINDOW, M),
    ("medicare-lcd", done(session(MARCH), session(date(2025, 3, 15), "p2", side="right")), WINDOW, N),
    (
        "medicare-lcd",
        done(session(MARCH), session(date(2025, 9, 1), "p2", "sacroiliac")),
        WINDOW,
        M,
    ),  # not of the quota
    ("medicare-lcd", {}, "region_covered", M),
    ("medicare-lcd", THORACIC, "region_covered", M),
    ("medicare-lcd", SACROILIAC, "region_covered", N),
    ("medicare-lcd", {}, "technique", M),
    ("medicare-lcd", {"technique": "pulsed"}, "technique", N),
    ("medicare-lcd", {"technique": "cooled"}, "technique", N),
    ("medicare-lcd", {"technique": None}, "technique", U),
    ("medicare-lcd", {}, "pain_since", M),
    ("medicare-lcd", {"pain_since": date(2025, 11, 20)}, "pain_since", M),
    ("medicare-lcd", {"pain_since": date(2025, 11, 21)}, "pain_since", N),
    ("medicare-lcd", {"pain_since": None}, "pain_since", U),
    # blocks are those of the level: one of L4-5 before the first of L4-5, although L2-3 was treated before
    ("medicare-lcd", {**done(session(START, joints=frozenset({"L2-3"}))), "blocks": LATE_BLOCKS}, "blocks_before", M),
    ("medicare-lcd", {**done(session(START)), "blocks": LATE_BLOCKS}, "blocks_before", U),
    ("medicare-lcd", {"temperature_c": 79.0}, "technique", N),
    ("medicare-lcd", {"temperature_c": None}, "technique", U),
    ("medicare-sacroiliac", SACROILIAC, "not_covered", N),
    ("medicare-sacroiliac", {}, "not_covered", P),
    ("aetna-cpb-0016", {}, "blocks_before", M),
    ("aetna-cpb-0016", second(on=date(2024, 11, 1)), "blocks_before", N),  # on one day
    ("aetna-cpb-0016", second(after=((30, 2.0),)), "blocks_before", N),
    ("aetna-cpb-0016", {"joints": frozenset({"L3-4", "L4-5", "L5-S1"})}, "levels", M),
    ("aetna-cpb-0016", {"joints": frozenset({"L2-3", "L3-4", "L4-5", "L5-S1"})}, "levels", N),
    ("healthpartners-rfa", {}, "pain_since", M),
    ("healthpartners-rfa", {"pain_since": date(2025, 12, 1)}, "pain_since", N),
    ("healthpartners-rfa", {"pain_since": None}, "pain_since", U),
    ("healthpartners-rfa", {}, "conservative_care", P),
    ("healthpartners-rfa", {"care": ()}, "conservative_care", U),
    ("healthpartners-rfa", {}, "region_covered", M),
    ("healthpartners-rfa", SACROILIAC, "region_covered", N),
    ("anthem-carelon", {**THEN, "proposed_on": date(2023, 12, 31)}, "levels", M),
    (
        "anthem-carelon",
        {**THEN, "proposed_on": date(2023, 4, 9), "joints": frozenset({"L3-4", "L4-5", "L5-S1"})},
        "levels",
        N,
    ),
    ("centene-cp-mp-171", {}, "blocks_before", M),  # two weeks apart to the day
    ("centene-cp-mp-171", second(on=date(2024, 11, 14)), "blocks_before", N),
    ("centene-cp-mp-171", {"blocks": ()}, "blocks_before", U),
    ("mbs-39110", done(session(MARCH), session(date(2025, 5, 1), "p2"), SOON), WINDOW, N),
    ("mbs-39110", done(session(MARCH), session(date(2025, 5, 1), "p2", side="right"), SOON), WINDOW, M),
    ("mbs-39110", done(session(MARCH), session(date(2025, 5, 1), "p2", side="bilateral"), SOON), WINDOW, N),
    ("mbs-39110", done(session(MARCH), session(date(2025, 5, 1), "p2", "cervical"), SOON), WINDOW, M),
    ("mbs-39110", done(session(date(2025, 2, 1)), session(date(2025, 5, 1), "p2"), SOON), WINDOW, M),
    ("tac-victoria", {}, "blocks_before", M),
    ("tac-victoria", second(after=((30, 2.0),)), "blocks_before", N),  # 71 %
    ("tac-victoria", {"pain_now": estimate(4.9)}, "pain_now", N),
    ("tac-victoria", {}, "pain_now", M),
    ("bcbs-nd", {}, "joints_covered", M),
    ("bcbs-nd", {"joints": frozenset({"T12-L1"})}, "joints_covered", M),
    ("bcbs-nd", THORACIC, "joints_covered", N),
    ("bcbs-nd", {"joints": frozenset({"L4-5", "T7-8"})}, "joints_covered", N),
    ("bcbs-nd", {"joints": None}, "joints_covered", U),
    ("evicore-cmm-208", SACROILIAC, "region_covered", N),
    ("evicore-cmm-208", {"technique": "cooled"}, "technique", N),
    ("evicore-cmm-208", second(after=((30, 1.0), (60, 6.0))), "blocks_before", N),  # not for the agent's time
    ("uhc-2015", SACROILIAC, "region_covered", N),
    ("uhc-2015", {}, "blocks_before", P),
    ("uhc-2015", {"temperature_c": 59.0}, "technique", N),
    ("uhc-2015", {"temperature_c": 60.0}, "technique", M),
    ("uhc-2015", {"temperature_c": None}, "technique", U),
    ("nice-ng59", {}, "conservative_care", P),
    ("nice-ng59", {"care": None}, "conservative_care", U),
    ("cohen-2020", {"lasted": lasted(130, 0)}, "relief_duration", M),
    ("medicare-lcd", done(session(MARCH), session(date(2025, 9, 1), "p2", "cervical")), WINDOW, M),
    ("medicare-lcd", done(session(MARCH), session(date(2026, 3, 1), "p2")), WINDOW, M),
    ("medicare-lcd", {}, "levels", M),
    ("medicare-lcd", {"joints": frozenset({"L3-4", "L4-5", "L5-S1"})}, "levels", N),
    ("medicare-lcd", {"joints": None}, "levels", U),
    ("medicare-lcd", {"laterality": "bilateral"}, "levels", M),  # both sides of a level count once
    ("evicore-cmm-208", {}, "blocks_before", M),
    ("evicore-cmm-208", {"lasted": lasted(83, 0)}, "relief_duration", N),
    ("evicore-cmm-208", {"lasted": lasted(84, 0)}, "relief_duration", M),
    ("evicore-cmm-208", {}, "minimum_gap", M),
    ("evicore-cmm-208", done(session(date(2025, 8, 20))), "minimum_gap", M),
    ("evicore-cmm-208", done(session(date(2025, 8, 21))), "minimum_gap", N),
    ("evicore-cmm-208", done(session(date(2025, 9, 1), side="right")), "minimum_gap", M),
    ("evicore-cmm-208", done(session(date(2025, 9, 1), side="bilateral")), "minimum_gap", N),
    ("evicore-cmm-208", {"joints": frozenset({"L3-4", "L4-5", "L5-S1"})}, "levels", M),
    ("evicore-cmm-208", {"joints": frozenset({"L2-3", "L3-4", "L4-5", "L5-S1"})}, "levels", N),
    ("uhc-2015", {"lasted": lasted(69, 0)}, "relief_duration", N),
    ("uhc-2015", {"lasted": lasted(77, 0)}, "relief_duration", P),  # the source says 10 to 12 weeks
    ("uhc-2015", {"lasted": lasted(84, 0)}, "relief_duration", M),
    ("uhc-2015", done(session(START), SOON), "minimum_gap", N),
    ("bcbs-nd", {}, "blocks_before", M),
    ("bcbs-nd", done(session(date(2025, 9, 1), joints=frozenset({"L2-3"}))), "minimum_gap", M),
    ("bcbs-nd", done(session(date(2025, 9, 1), joints=L5S1)), "minimum_gap", N),
    ("bcbs-nd", done(session(date(2025, 9, 1), joints=None)), "minimum_gap", U),
    ("bcbs-nd", done(session(START, joints=None)), "minimum_gap", M),
    ("tricare-west", THEN, "region_covered", M),
    ("tricare-west", {**THEN, **THORACIC}, "region_covered", N),
    ("tricare-west", {**THEN, **SACROILIAC}, "region_covered", N),
    ("tricare-west", {**THEN, **second(after=((30, 3.5),))}, "blocks_before", M),
    ("tricare-west", {**THEN, **second(after=((30, 4.0),))}, "blocks_before", N),
    ("tricare-west", {**THEN, "relief": estimate(40)}, "relief_percent", N),
    ("cohen-2020", {}, "blocks_before", M),
    ("cohen-2020", {"lasted": lasted(85, 0)}, "relief_duration", N),
    ("cohen-2020", {"lasted": lasted(95, 0)}, "relief_duration", M),
    ("cohen-2020", THORACIC, "region_covered", N),
    ("nice-ng59", {}, "blocks_before", P),
    ("nice-ng59", {"blocks": ()}, "blocks_before", U),
    ("nice-ng59", {}, "pain_now", M),
    ("nice-ng59", {"pain_now": estimate(5)}, "pain_now", M),
    ("nice-ng59", {"pain_now": estimate(4.96)}, "pain_now", N),
    ("nice-ng59", {"pain_now": estimate(5.2, 0.5)}, "pain_now", P),
    ("nice-ng59", {"pain_now": None}, "pain_now", U),
    ("hull-uk", {}, "blocks_before", N),  # those on record are too old
    ("hull-uk", {"blocks": ()}, "blocks_before", U),
    ("hull-uk", {"blocks": (block(date(2025, 12, 1)),)}, "blocks_before", M),
    ("hull-uk", {}, "minimum_gap", N),
    ("hull-uk", {"proposed_on": date(2026, 5, 15)}, "minimum_gap", M),
    ("hull-uk", {"proposed_on": date(2026, 5, 14)}, "minimum_gap", N),
]


@pytest.mark.parametrize(("policy", "differs", "rule", "result"), CASES)
def test_a_case_from_the_sources(policy: str, differs: dict[str, Any], rule: str, result: str) -> None:
    found = {f.rule: f for f in evaluate(policies()[policy], replace(GOOD, **differs)).rules}
    assert found[rule].result == result, found[rule]
    assert [one.saw for one in found.values() if re.search(r"\d{4}-\d{2}-\d{2}", one.saw or "")] == []


def test_there_are_enough_cases_and_each_policy_has_some() -> None:
    assert len(CASES) >= 110
    assert {case[0] for case in CASES} == set(policies())


def test_a_block_that_is_too_old_is_not_none_on_record() -> None:
    (found,) = [f for f in evaluate(policies()["hull-uk"], GOOD).rules if f.rule == "blocks_before"]
    assert (found.saw, found.evidence) == ("too old: the last was on 15 November 2024", ["block/b1", "block/b2"])


def test_an_ended_policy_answers_nothing_and_an_old_one_says_so() -> None:
    assert evaluate(policies()["tricare-west"], GOOD).version is None
    assert [p.name for p in policies().values() if p.versions[-1].old] == [
        "anthem-carelon",
        "healthpartners-rfa",
        "uhc-2015",
    ]


def test_one_branch_in_full_is_enough() -> None:
    by_function = replace(GOOD, relief=estimate(30), gains=(FunctionGain(60, "activities"),))
    assert evaluate(policies()["medicare-lcd"], by_function).outstanding == []
    neither = replace(by_function, gains=())
    assert evaluate(policies()["medicare-lcd"], neither).outstanding == ["relief_percent", "function_gain"]


def test_the_version_in_force_on_the_proposed_day_counts() -> None:
    before = evaluate(policies()["medicare-lcd"], replace(GOOD, proposed_on=date(2020, 1, 1)))
    assert (before.version, before.rules, before.outstanding) == (None, [], ["version"])


def test_the_earliest_day_is_the_first_on_which_no_rule_waits() -> None:
    two = replace(GOOD, sessions=(session(date(2025, 3, 1)), SOON))
    found = evaluate(policies()["medicare-lcd"], two)
    assert (found.earliest_on, found.sessions_left) == (date(2026, 3, 1), 0)
    then = evaluate(policies()["medicare-lcd"], replace(two, proposed_on=date(2026, 3, 1)))
    assert (then.outstanding, then.sessions_left) == ([], 1)


def test_months_go_by_the_calendar() -> None:
    assert months_back(date(2026, 8, 31), 6) == date(2026, 2, 28)
    assert months_back(date(2024, 8, 31), 6) == date(2024, 2, 29)
    assert months_back(date(2026, 1, 31), 12) == date(2025, 1, 31)
    assert earliest_after(date(2025, 8, 31), 6) == date(2026, 3, 1)


GOOD_FILE = """name = "own"
title = "The clinic's own"
jurisdiction = "here"
source = "a letter of 2026"

[[version]]
version = "1"
in_force_from = 2026-01-01

[[version.rule]]
rule = "levels"
most = 2
certainty = "found"
"""


@pytest.mark.parametrize(
    ("was", "becomes", "line"),
    [
        ('name = "own"', 'name = "Own!"', 1),
        ('title = "The clinic\'s own"', "title = 5", 2),
        ('source = "a letter of 2026"', "", 1),
        ("in_force_from = 2026-01-01", 'in_force_from = "soon"', 8),
        ("in_force_from = 2026-01-01", "in_force_from = 2026-13-01", 8),
        ("in_force_from = 2026-01-01", "in_force_from = 2026-01-01\\nverified_on = 2026-01-02", 9),
        ('rule = "levels"', 'rule = "level"', 11),
        ("most = 2", 'most = "two"', 12),
        ("most = 2", "most = 0", 12),
        ("most = 2", "least = 2", 12),
        ('certainty = "found"', 'certainty = "sure"', 13),
    ],
)
def test_a_file_at_fault_names_its_line(was: str, becomes: str, line: int) -> None:
    with pytest.raises(BadPolicyError, match=rf"^line {line}: "):
        load_text(GOOD_FILE.replace(was, becomes.replace("\\n", "\n")))


def test_a_good_file_is_a_policy() -> None:
    policy = load_text(GOOD_FILE)
    assert evaluate(policy, GOOD).rules[0].result == "met"
