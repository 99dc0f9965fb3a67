"""Each limit of the rules at itself, a step below and a step above; and the words that a rule answers with."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.rules.blocks import compare, shown_by
from app.rules.medications import Dose, class_changes
from app.rules.policies import BadPolicyError, Case, FunctionGain, evaluate, load_text, policies
from app.rules.policies.checks import RuleFound
from app.rules.policies.evaluate import Evaluation
from app.rules.questionnaires import BadItemsError, score
from app.rules.words import REGIONS
from tests.rules.test_policies import GOOD, LATER, START, block, estimate, lasted, session

TEXT = """name = "own"
title = "Own"
jurisdiction = "Here"
source = "By hand"

[[version]]
version = "1"
in_force_from = 2020-01-01

[[version.rule]]
certainty = "found"
"""


def own(rule: str, case: Case = GOOD, **differs: Any) -> RuleFound:
    """The answer of one rule of a policy of one's own."""
    (found,) = evaluate(load_text(TEXT + rule), replace(case, **differs)).rules
    return found


def answer(policy: str, rule: str, **differs: Any) -> RuleFound:
    found: Evaluation = evaluate(policies()[policy], replace(GOOD, **differs))
    return next(one for one in found.rules if one.rule == rule)


@pytest.mark.parametrize(("days", "result"), [(-1, "met"), (0, "met"), (1, "not_met")])
def test_a_block_on_the_day_of_the_first_procedure_still_lies_before_it(days: int, result: str) -> None:
    second = block(START + timedelta(days=days), "b2")
    assert answer("medicare-lcd", "blocks_before", blocks=(block(), second)).result == result


def test_blocks_say_how_many_of_how_many_show_it() -> None:
    weak = block(LATER, "b2", after=((30, 5.0), (240, 5.0)))
    assert answer("medicare-lcd", "blocks_before", blocks=(weak,)).saw == "0 of 1 block on record shows it"
    assert answer("medicare-lcd", "blocks_before", blocks=(block(), weak)).saw == "1 of 2 blocks on record show it"
    open_ = block(LATER, "b2", after=((30, 1.0), (60, 1.0)))
    found = answer("medicare-lcd", "blocks_before", blocks=(block(), open_))
    assert (found.result, found.saw) == (
        "unknown",
        "1 of 2 blocks on record show it; 1 can't be judged from its readings",
    )
    assert found.needs == "2 diagnostic blocks with at least 80 % relief for the agent's time on different days"
    same_day = answer("medicare-lcd", "blocks_before", blocks=(block(), block(name="b2")))
    assert (same_day.result, same_day.saw) == ("not_met", "2 of 2 blocks on record show it, but only on 1 day")


@pytest.mark.parametrize("count", [1, 2])
def test_what_a_rule_needs_is_told_in_number(count: int) -> None:
    s = "s" if count > 1 else ""
    assert own(f'rule = "blocks_before"\ncount = {count}').needs == f"{count} diagnostic block{s} judged positive"
    assert own(f'rule = "levels"\nmost = {count}').needs == f"at most {count} level{s} a session"


@pytest.mark.parametrize(
    ("days", "result"), [(83, "not_met"), (84, "needs_a_person"), (111, "needs_a_person"), (112, "met")]
)
def test_a_second_reading_of_how_long_relief_must_hold(days: int, result: str) -> None:
    rule = 'rule = "relief_duration"\nweeks = 12\nsurely_weeks = 16'
    proposed = START + timedelta(days=90)
    assert own(rule, lasted=lasted(days, open_=True), proposed_on=proposed).result == result


@pytest.mark.parametrize(("days", "spread", "result"), [(83, 0, "not_met"), (84, 0, "met"), (80, 4, "needs_a_person")])
def test_a_return_on_the_very_day_is_long_enough(days: int, spread: int, result: str) -> None:
    assert own('rule = "relief_duration"\nweeks = 12', lasted=lasted(days, spread)).result == result


@pytest.mark.parametrize(
    ("gains", "result", "saw"),
    [
        ([("activities", 50.0)], "met", "50.0 % better (activities)"),
        ([("activities", 49.9)], "not_met", "49.9 % better (activities)"),
        ([("peg", 80.0), ("activities", 55.0)], "met", "55.0 % better (activities)"),
        ([("peg", 80.0), ("odi", 60.0)], "needs_a_person", "80.0 % better (peg)"),
    ],
)
def test_what_the_patient_named_counts_before_a_questionnaire(
    gains: list[tuple[str, float]], result: str, saw: str
) -> None:
    given = tuple(FunctionGain(percent, scale) for scale, percent in gains)
    found = answer("medicare-lcd", "function_gain", gains=given)
    assert (found.result, found.saw) == (result, saw)


@pytest.mark.parametrize(
    ("value", "saw"),
    [(50.0, "50.0"), (49.96, "49.96"), (49.996, "49.996"), (49.9999, "49.999900"), (49.9999999, "49.9999999")],
)
def test_a_number_is_told_so_exactly_that_it_stays_on_its_side_of_the_limit(value: float, saw: str) -> None:
    found = own('rule = "relief_percent"\npercent = 50', relief=estimate(value))
    assert found.saw.startswith(f"{saw} %")
    assert found.result == ("met" if value >= 50 else "not_met")


@pytest.mark.parametrize(("day", "version"), [(-1, None), (0, "1"), (365, "1"), (366, None)])
def test_both_ends_of_a_version_belong_to_it(day: int, version: str | None) -> None:
    first = date(2026, 1, 1)
    given = TEXT.replace("2020-01-01", f"{first}\nin_force_to = {first + timedelta(days=365)}")
    policy = load_text(given + 'rule = "levels"\nmost = 2')
    assert evaluate(policy, replace(GOOD, proposed_on=first + timedelta(days=day))).version == version


@pytest.mark.parametrize("name", sorted(policies()))
def test_a_text_that_says_nothing_of_the_sacroiliac_joint_never_answers_for_it(name: str) -> None:
    """It is not covered, or it is a person's to read; never only met."""
    si = replace(GOOD, region="sacroiliac", joints=frozenset({"SI"}), sessions=(session(START, region="sacroiliac"),))
    found = evaluate(policies()[name], si)
    if found.version is None:
        return
    of_region = [one for one in found.rules if one.rule in ("region_covered", "not_covered", "joints_covered")]
    assert of_region, name
    assert any(one.result != "met" for one in of_region), name
    assert {one.rule for one in of_region if one.result != "met"} <= set(found.outstanding), name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            TEXT.replace("By hand", "B" + "." * 41) + 'rule = "levels"\nmost = 1',
            None,
        ),  # dots in quotation marks are free
        (TEXT + "rule." * 41 + "x = 1", "line 12: more than 40 dots"),
        (TEXT + "rule." * 40 + "x = 1", "line 10: rule"),
        (TEXT + "rule = 3", "line 12: rule"),
        (TEXT + "rule = []", "line 12: rule"),
        ('name = "own"\ntitle = "a"\njurisdiction = "b"\nsource = "c"\nversion = 3', "at least one [[version]]"),
        ('name = "own"\ntitle = "a"\njurisdiction = "b"\nsource = "c"\nversion = []', "at least one [[version]]"),
        (TEXT.replace('[[version.rule]]\ncertainty = "found"\n', ""), "at least one"),
        (TEXT + 'rule = "levels"\nmost = 1\nstrange = 2', "a key that is not known here"),
        (TEXT + 'rule = "joints_covered"\njoints = ["L4-5", "L4-6"]', "joints"),
        (TEXT + 'rule = "joints_covered"\njoints = []', "joints"),
        (TEXT + 'rule = "levels"\nmost = 1\nbranch = []', "line 14: branch is no text"),
        (TEXT + 'rule = "levels"\nmost = 1\nnote = 3', "line 14: note is no text"),
        (TEXT.replace("2020-01-01", "2020-01-01\nverified_on = 2020-01-01\nverified_by = 3"), "verified_by is no text"),
        (TEXT + 'rule = "levels"\nmost = true', "most is missing, or of the wrong type"),
        ('usual_in = ["ch"]\n' + TEXT + 'rule = "levels"\nmost = 1', "usual_in"),
        ('usual_in = "CH"\n' + TEXT + 'rule = "levels"\nmost = 1', "usual_in"),
    ],
)
def test_a_policys_file_is_read_or_refused_with_its_place(text: str, says: str | None) -> None:
    if says is None:
        assert load_text(text).name == "own"
        return
    with pytest.raises(BadPolicyError) as refused:
        load_text(text)
    assert says in str(refused.value)


def test_two_versions_of_one_day_overlap_and_the_line_is_named() -> None:
    one = TEXT.replace("2020-01-01", "2020-01-01\nin_force_to = 2020-12-31") + 'rule = "levels"\nmost = 1\n'
    two = '[[version]]\nversion = "2"\nin_force_from = {}\n[[version.rule]]\ncertainty = "found"\n'
    two += 'rule = "levels"\nmost = 1\n'
    assert len(load_text(one + two.format("2021-01-01")).versions) == 2
    with pytest.raises(BadPolicyError, match=r"^line 6: version 2 overlaps 1"):
        load_text(one + two.format("2020-12-31"))
    assert not load_text(one + two.format("2021-01-01")).versions[0].old
    assert load_text(one.replace('version = "1"', 'version = "1"\nold = true')).versions[0].old


def test_a_countrys_usual_policy_is_one_that_is_in_force_and_not_old() -> None:
    usual = {country: one for one in policies().values() for country in one.usual_in}
    assert set(usual) == {"US", "AU", "GB"}
    for one in usual.values():
        version = one.on(date(2026, 11, 1))
        assert version is not None and not version.old, one.name


def test_a_block_tells_tenths_of_a_percent_and_hundredths_of_an_hour() -> None:
    shown = shown_by("bupivacaine", 7, [(10, 1.0), (100, 1.0), (130, 6.0)])
    # half of the first and of the last stretch count, in minutes: 5 + 90 + 15
    assert (shown.best_percent, shown.hours_80, shown.hours_50) == (85.7, 1.83, 1.83)


@pytest.mark.parametrize(("items", "says"), [([1, 2], "peg has 3 items"), ([1, 2, 3, 4], "peg has 3 items")])
def test_a_questionnaire_says_how_many_items_it_has(items: list[float | None], says: str) -> None:
    with pytest.raises(BadItemsError, match=says):
        score("peg", items)
    with pytest.raises(BadItemsError, match="pgic has 1 item;"):
        score("pgic", [1, 2])


def test_scores_are_rounded_to_hundredths() -> None:
    assert score("peg", [3, 3, 4]) == 3.33
    assert score("odi", [1, 2, 2, 1, 2, 2, 1, 2, 2, None]) == 33.33


TABLET = Dose("5640", 400, "mg", 1.0)  # ibuprofen


@pytest.mark.parametrize(
    ("now", "change"),
    [
        ([[replace(TABLET, times=2.0)], [], [replace(TABLET, times=2.0)], []], "same"),
        ([[TABLET], [TABLET]], "same"),
        ([[TABLET, TABLET], [TABLET]], "up"),
        ([[TABLET], []], "down"),
        ([[], []], "stopped"),
        ([[replace(TABLET, times=1.2)]], "same"),
        ([[replace(TABLET, times=1.25)]], "up"),
        ([[replace(TABLET, times=0.84)]], "same"),
        ([[replace(TABLET, times=0.8)]], "down"),
        ([[Dose(None, 1, "mg", 1.0, "something")]], "unknown"),
    ],
)
def test_a_dose_is_the_mean_of_the_days_that_tell_it(now: list[list[Dose]], change: str) -> None:
    """Two tablets on every second day are as many as one a day; a change of a fifth is none."""
    assert class_changes([[TABLET]] * 4, now)["nsaid"] == change


def test_opioids_compare_by_their_mean_a_day() -> None:
    tramadol = Dose("10689", 50, "mg", 2.0)
    assert class_changes([[tramadol]] * 2, [[tramadol], [tramadol], []])["opioid"] == "down", "two days of three"
    assert class_changes([[tramadol]], [[tramadol]] * 5)["opioid"] == "same"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (("lidocaine", 2.0), ("bupivacaine", 2.1), "longer_lasted_longer"),
        (("bupivacaine", 2.1), ("lidocaine", 2.0), "longer_lasted_longer"),
        (("lidocaine", 2.0), ("bupivacaine", 2.0), "longer_did_not"),
        (("lidocaine", 2.0), ("mepivacaine", 3.0), None),
        (("lidocaine", None), ("bupivacaine", 2.0), None),
        (("lidocaine", 2.0), ("bupivacaine", None), None),
        (("other", 2.0), ("bupivacaine", 3.0), None),
    ],
)
def test_two_agents_are_compared_where_both_are_known(
    one: tuple[str, float | None], other: tuple[str, float | None], said: str | None
) -> None:
    assert compare(one, other) == said


def test_every_region_is_answered_by_every_policy() -> None:
    for policy in policies().values():
        for region in REGIONS:
            assert evaluate(policy, replace(GOOD, region=region)).policy == policy.name
