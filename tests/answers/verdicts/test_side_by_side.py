"""Verdicts that are made side by side are those that are made one by one, to the bit; one that fails takes none along."""

from datetime import timedelta

import pytest

from app.answers.verdicts import assemble
from app.answers.verdicts.assemble import AssembledVerdict, ReadyMaterial, VerdictMaterial, make, make_all, prepare
from app.relief import Definition
from tests.answers.verdicts.test_courses import START, material
from tests.answers.verdicts.test_no_contradictions import RECORDS, a_record

pytestmark = pytest.mark.unmeasured
HOW_MANY = RECORDS // 2


def materials(definition: Definition) -> list[VerdictMaterial]:
    """Lives at random, of all lengths, each of their procedures."""
    found = []
    for seed in range(HOW_MANY):
        treated, diary, events, asked, _ = a_record(seed)
        for number, own in enumerate(treated, 1):
            if own.performed_on <= START + timedelta(days=asked):
                found.append(material(number, treated, diary, day=asked, events=events, definition=definition))
    return found


@pytest.mark.parametrize("definition", ["half", "full"])
def test_side_by_side_is_one_by_one(definition: Definition) -> None:
    asked = materials(definition)
    assert len(asked) > HOW_MANY
    assert make_all(asked) == [make(one) for one in asked]
    assert make_all(asked[::-1]) == make_all(asked)[::-1], "whoever is beside whom"


def test_nothing_asked_is_nothing_made() -> None:
    assert make_all([]) == []


def test_one_that_fails_takes_none_along(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = materials("half")[:5]

    def prepare_or_fail(one: VerdictMaterial) -> ReadyMaterial:
        if one is asked[2]:
            raise ValueError("a record that nobody foresaw")
        return prepare(one)

    monkeypatch.setattr(assemble, "prepare", prepare_or_fail)
    found = make_all(asked)
    assert isinstance(found[2], ValueError)
    assert [isinstance(one, AssembledVerdict) for one in found] == [True, True, False, True, True]
    monkeypatch.undo()
    assert found[:2] + found[3:] == [make(one) for one in asked[:2] + asked[3:]]
