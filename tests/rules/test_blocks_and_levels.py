"""Blocks at their limits, every joint of the spine, and words of danger one by one."""

from datetime import date

import pytest

from app.rules.blocks import DURATION_HOURS, compare, hours_at, shown_by
from app.rules.levels import (
    NoSuchLevelError,
    codes_of,
    joint,
    lies_in,
    nerve,
    nerves_of,
    nerves_of_all,
    region_of,
    spoken,
)
from app.rules.policies.case import Block
from app.rules.policies.checks import _shows
from app.rules.words import Region

HOURS = {
    "lidocaine": (1.0, 3.0),
    "mepivacaine": (1.5, 4.0),
    "bupivacaine": (3.0, 12.0),
    "ropivacaine": (3.0, 12.0),
    "levobupivacaine": (3.0, 12.0),
}
AFTER = 0.01  # hours: a reading so soon after the last good one that the way between them adds next to nothing


def lasting(hours: float, ends: bool = True, left: float = 2.0) -> list[tuple[float, float]]:
    """Readings of somebody whose 10 points fall to `left` at once and, where it ends, come back after so many hours."""
    readings = [(0.0, left), (60 * hours, left)]
    return [*readings, (60 * hours, 10.0)] if ends else readings


@pytest.mark.parametrize("agent", HOURS)
def test_a_block_fits_its_agent_between_half_the_shortest_and_half_as_long_again(agent: str) -> None:
    assert HOURS == DURATION_HOURS
    shortest, longest = HOURS[agent][0] / 2, HOURS[agent][1] * 1.5
    found = [
        shown_by(agent, 10, lasting(h)).concordant
        for h in (shortest - AFTER, shortest, shortest + AFTER, longest - AFTER, longest, longest + AFTER)
    ]
    assert found == [False, True, True, True, True, False]


@pytest.mark.parametrize("agent", HOURS)
def test_relief_that_has_not_ended_is_not_known_to_fit_until_it_is_too_long(agent: str) -> None:
    usual, longest = HOURS[agent][1], HOURS[agent][1] * 1.5
    found = [
        shown_by(agent, 10, lasting(h, ends=False)).concordant
        for h in (usual - AFTER, usual, usual + AFTER, longest, longest + AFTER)
    ]
    assert found == [None, None, True, True, False]


@pytest.mark.parametrize(("left", "percent", "fits"), [(2.1, 79.0, False), (2.0, 80.0, True), (1.9, 81.0, True)])
def test_a_block_that_helps_by_less_than_eighty_percent_fits_no_agent(left: float, percent: float, fits: bool) -> None:
    shown = shown_by("lidocaine", 10, lasting(2, left=left))
    assert (shown.best_percent, shown.concordant) == (percent, fits)
    assert (shown.hours_80, shown.hours_50) == (2.0 if fits else 0.0, 2.0)


@pytest.mark.parametrize("before", [0.5, 1, 2, 2.5, 3, 4, 5, 6, 7, 7.5, 8, 9, 10])
def test_exactly_half_and_exactly_a_fifth_count_from_every_pain(before: float) -> None:
    for percent, left in ((50, before / 2), (80, before / 5)):
        shown = shown_by("lidocaine", before, [(0, left), (120, left)])
        assert (shown.hours_50, shown.hours_80) == (2.0, 2.0 if percent == 80 else 0.0)
        assert hours_at(before, [(0, left), (120, left)], percent, agent="lidocaine") == 2.0


def test_half_of_the_way_counts_where_one_of_two_readings_has_it() -> None:
    readings = [(30.0, 5.0), (60.0, 2.0), (120.0, 2.0), (180.0, 8.0), (240.0, 2.0)]
    shown = shown_by("bupivacaine", 10, readings)
    assert shown.hours_80 == 0.25 + 1 + 0.5 + 0.5
    assert shown.hours_50 == 0.25 + 0.5 + 1 + 0.5 + 0.5
    assert hours_at(10, readings, 15, agent="bupivacaine") == 0.25 + 0.5 + 1 + 1 + 1


def test_what_a_block_without_pain_or_readings_shows() -> None:
    for shown in (shown_by("lidocaine", 0, [(30, 0)]), shown_by("lidocaine", 5, [])):
        assert (shown.best_percent, shown.hours_50, shown.hours_80, shown.concordant) == (None,) * 4
    assert shown_by("lidocaine", 5, [(30, 7.5)]).best_percent == -50
    unknown = shown_by("saline", 10, lasting(2))
    assert (unknown.hours_80, unknown.concordant) == (2.0, None)


@pytest.mark.parametrize(
    ("hours_short", "hours_long", "said"),
    [
        (2.0, 2.01, "longer_lasted_longer"),
        (2.0, 2.0, "longer_did_not"),
        (2.0, 1.99, "longer_did_not"),
        (0.0, 0.0, "longer_did_not"),
    ],
)
@pytest.mark.parametrize("short", ["lidocaine", "mepivacaine"])
@pytest.mark.parametrize("long", ["bupivacaine", "ropivacaine", "levobupivacaine"])
def test_of_two_blocks_the_longer_must_last_longer(
    short: str, long: str, hours_short: float, hours_long: float, said: str
) -> None:
    assert (
        compare((short, hours_short), (long, hours_long)) == compare((long, hours_long), (short, hours_short)) == said
    )


def test_blocks_that_are_no_such_pair() -> None:
    assert compare(("lidocaine", 1), ("mepivacaine", 3)) is compare(("bupivacaine", 1), ("ropivacaine", 3)) is None
    assert compare(("lidocaine", None), ("bupivacaine", 3)) is compare(("lidocaine", 1), ("bupivacaine", None)) is None
    assert compare(("saline", 1), ("bupivacaine", 3)) is None


SPINE = [
    "C2-3",
    "C3-4",
    "C4-5",
    "C5-6",
    "C6-7",
    "C7-T1",
    *(f"T{i}-{i + 1}" for i in range(1, 12)),
    "T12-L1",
    "L1-2",
    "L2-3",
    "L3-4",
    "L4-5",
    "L5-S1",
]


@pytest.mark.parametrize("one", SPINE)
def test_every_joint_of_the_spine_is_kept_as_it_is_written(one: str) -> None:
    assert joint(one) == joint(one.lower()) == one
    assert region_of(one) == {"C": "cervical", "T": "thoracic", "L": "lumbar"}[one[0]]
    upper, _, lower = one.partition("-")
    long = f"{upper}-{lower if lower[0].isalpha() else upper[0] + lower}"
    assert joint(long) == one
    assert spoken([one]) == one


def test_neighbours_share_one_nerve_from_top_to_bottom() -> None:
    assert nerves_of_all(SPINE[1:]) == [
        *(f"C{i}" for i in range(3, 9)),
        *(f"T{i}" for i in range(1, 13)),
        *(f"L{i}" for i in range(1, 5)),
        "L5 dorsal ramus",
    ]
    assert nerves_of("C7-T1") == ("C7", "C8") and nerves_of("T1-2") == ("C8", "T1")
    assert all(nerve(one) == one for one in nerves_of_all([*SPINE[1:], "SI"]))
    assert region_of("SI") == "sacroiliac"


@pytest.mark.parametrize(
    "text", ["C0-1", "C8-T1", "T13-L1", "T12-13", "L5-6", "L6-S1", "S1-S2", "L4-L4", "L5-4", "T1-T3"]
)
def test_what_lies_beside_the_ends_of_the_spine_is_no_joint(text: str) -> None:
    with pytest.raises(NoSuchLevelError):
        joint(text)


def test_runs_of_joints_are_spoken_together_and_gaps_apart() -> None:
    assert spoken(["L3-4", "L4-5", "L5-S1"]) == "L3-S1"
    assert spoken(["L2-3", "L4-5"]) == "L2-3, L4-5"
    assert spoken(["C6-7", "C7-T1", "T1-2"]) == "C6-T2"
    assert spoken(["L5-S1", "SI"]) == "L5-S1, SI joint"
    assert spoken([]) == ""


def test_codes_count_from_the_second_joint_on() -> None:
    expected: tuple[tuple[Region, str, str], ...] = (
        ("cervical", "64633", "64634"),
        ("thoracic", "64633", "64634"),
        ("lumbar", "64635", "64636"),
    )
    for region, first, further in expected:
        counted = [[(c.code, c.units) for c in codes_of(region, ["x"] * n, "thermal")] for n in range(4)]
        assert counted == [[], [(first, 1)], [(first, 1), (further, 1)], [(first, 1), (further, 2)]]
    assert [(c.code, c.units) for c in codes_of("sacroiliac", ["SI", "SI"], None)] == [("64625", 1)]
    assert [(c.code, c.units) for c in codes_of("sacroiliac", ["SI"], "pulsed")] == [("64999", 1)]


def test_heat_under_80_degrees_and_pulses_have_the_unlisted_code() -> None:
    two = ["L3-4", "L4-5"]
    assert [(c.code, c.units) for c in codes_of("lumbar", two, "thermal", temperature_c=79.9)] == [("64999", 1)]
    assert [(c.code, c.units) for c in codes_of("lumbar", two, "cooled", temperature_c=60.0)] == [("64999", 1)]
    assert [(c.code, c.units) for c in codes_of("lumbar", two, "pulsed")] == [("64999", 1)]
    assert [(c.code, c.units) for c in codes_of("lumbar", two, "thermal", temperature_c=80.0)] == [
        ("64635", 1),
        ("64636", 1),
    ]
    assert codes_of("lumbar", [], "pulsed") == []


def test_the_last_thoracic_joint_is_lumbar_where_the_first_lumbar_one_is_treated_with_it() -> None:
    both = ["T12-L1", "L1-2"]
    assert lies_in("T12-L1", "lumbar", both) and lies_in("L1-2", "lumbar", both)
    assert not lies_in("T12-L1", "lumbar", ["T12-L1"])
    assert lies_in("T12-L1", "thoracic", ["T12-L1"]) and not lies_in("L1-2", "thoracic", both)
    assert [(c.code, c.units) for c in codes_of("lumbar", both, "thermal", temperature_c=80)] == [
        ("64633", 1),
        ("64636", 1),
    ]


def test_the_first_cervical_joint_has_no_medial_branch() -> None:
    with pytest.raises(NoSuchLevelError, match="C2 ganglion"):
        joint("C1-2")


@pytest.mark.parametrize("agent", HOURS)
def test_relief_that_begins_when_the_agent_acts_no_more_is_not_the_blocks(agent: str) -> None:
    """Pain that is as before while the agent acts, and gone the next morning, speaks against the joint and not for it."""
    ends = HOURS[agent][1] * 1.5
    for late, counts in ((ends, True), (ends + AFTER, False)):
        readings = [(30.0, 7.0), (60 * late, 0.0)]
        shown = shown_by(agent, 7, readings)
        assert (shown.best_percent == 100, bool(shown.hours_50), bool(shown.hours_80)) == (counts, counts, counts)
        block = Block("b", date(2026, 5, 1), "left", "lumbar", frozenset({"L4-5"}), agent, 7, tuple(readings))
        assert _shows(block, 80, agents_time=False) is counts
    begun = [(30.0, 1.0), (60 * ends + 30, 1.0), (60 * ends + 60, 7.0), (60 * ends + 90, 0.0)]
    assert hours_at(7, begun, 80, agent=agent) == pytest.approx(ends + 0.25 + 0.25 + 0.25, abs=0.3), (
        "what had begun goes on"
    )
    assert hours_at(7, begun[:3], 80, agent=agent) == hours_at(7, begun, 80, agent=agent)


def test_a_block_read_only_when_its_agent_acts_no_more_tells_nothing() -> None:
    assert shown_by("lidocaine", 7, [(600, 0)]) == shown_by("lidocaine", 7, [])
    assert shown_by("other", 7, [(600, 0)]).best_percent == 100, "of an unknown agent nobody knows how long it acts"
    block = Block("b", date(2026, 5, 1), "left", "lumbar", frozenset({"L4-5"}), "lidocaine", 7, ((600, 0),))
    assert _shows(block, 80, agents_time=False) is None
