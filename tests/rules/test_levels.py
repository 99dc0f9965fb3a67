import pytest

from app.rules.levels import NoSuchLevelError, codes_of, joint, nerve, nerves_of, nerves_of_all


@pytest.mark.parametrize(
    ("written", "kept", "nerves"),
    [
        ("L4-5", "L4-5", ("L3", "L4")),
        ("l4-l5", "L4-5", ("L3", "L4")),
        ("L5-S1", "L5-S1", ("L4", "L5 dorsal ramus")),
        ("L1-2", "L1-2", ("T12", "L1")),
        ("T12-L1", "T12-L1", ("T11", "T12")),
        ("T1-2", "T1-2", ("C8", "T1")),
        ("C2-3", "C2-3", ("third occipital nerve", "C3")),
        ("C5-6", "C5-6", ("C5", "C6")),
        ("C7-T1", "C7-T1", ("C7", "C8")),
        ("si", "SI", ("L5 dorsal ramus", "S1 lateral branch", "S2 lateral branch", "S3 lateral branch")),
    ],
)
def test_a_joint_has_its_nerves(written: str, kept: str, nerves: tuple[str, ...]) -> None:
    assert joint(written) == kept
    assert nerves_of(kept) == nerves


@pytest.mark.parametrize(
    "text", ["L4-6", "L5-6", "C7-8", "T12-13", "S1-2", "C0-1", "L4", "", "L4-5-6", "X1-2", "L4-T5"]
)
def test_no_spine_has_such_a_joint(text: str) -> None:
    with pytest.raises(NoSuchLevelError):
        joint(text)


def test_two_joints_share_a_nerve_and_it_counts_once() -> None:
    assert nerves_of_all(["L3-4", "L4-5", "L5-S1"]) == ["L2", "L3", "L4", "L5 dorsal ramus"]


def test_nerves_in_the_words_people_use() -> None:
    assert nerve("L5") == nerve("l5 dorsal ramus") == "L5 dorsal ramus"
    assert nerve("L4 medial branch") == "L4"
    assert nerve("TON") == "third occipital nerve"
    with pytest.raises(NoSuchLevelError):
        nerve("C1")


def test_codes_count_joints_and_not_nerves_or_sides() -> None:
    assert [(c.code, c.units) for c in codes_of("lumbar", ["L3-4", "L4-5", "L5-S1"], "thermal")] == [
        ("64635", 1),
        ("64636", 2),
    ]
    assert [c.code for c in codes_of("cervical", ["C5-6"], None)] == ["64633"]
    assert [c.code for c in codes_of("sacroiliac", ["SI"], "cooled")] == ["64625"]
    assert [c.code for c in codes_of("lumbar", ["L4-5"], "pulsed")] == ["64999"]
    assert codes_of("lumbar", [], None) == []
