import pytest

from app.rules.medications import Dose, catalogue, opioid_mme
from app.rules.red_flags import Report, red_flags, rules

# CDC Clinical Practice Guideline for Prescribing Opioids for Pain, 2022, conversion factors
CDC_2022 = {
    "codeine": 0.15,
    "hydrocodone": 1.0,
    "hydromorphone": 5.0,
    "methadone": 4.7,
    "morphine": 1.0,
    "oxycodone": 1.5,
    "oxymorphone": 3.0,
    "tapentadol": 0.4,
    "tramadol": 0.2,
}


@pytest.mark.parametrize(("name", "factor"), CDC_2022.items())
def test_the_factors_are_those_of_the_cdc_of_2022(name: str, factor: float) -> None:
    code = next(m.code for m in catalogue() if m.name == name)
    assert opioid_mme([Dose(code, 10, "mg", 3)]) == pytest.approx(30 * factor)


def test_a_patch_counts_by_the_hour_and_all_day() -> None:
    assert opioid_mme([Dose("4337", 25, "mcg/h", None)]) == 60


def test_what_is_not_known_is_not_nought() -> None:
    assert opioid_mme(None) is None
    assert opioid_mme([]) == 0
    assert opioid_mme([Dose("10689", None, "mg", 2)]) is None
    assert opioid_mme([Dose("10689", 50, "tablet", 2)]) is None
    assert opioid_mme([Dose("1819", 8, "mg", 1)]) is None
    assert opioid_mme([Dose(None, 1, "mg", 1)]) is None


@pytest.mark.parametrize(
    ("kind", "severity", "flagged"),
    [
        ("fever", 1, True),
        ("wound_discharge", None, True),
        ("weakness", 1, True),
        ("bladder_or_bowel_change", 1, True),
        ("headache", 2, False),
        ("headache", 3, True),
        ("headache", None, True),
        ("numbness", 3, True),
        ("numbness", 4, True),
        ("numbness", None, False),
        ("burning", 2, False),
        ("soreness", 1, False),
    ],
)
def test_red_flags(kind: str, severity: int | None, flagged: bool) -> None:
    assert bool(red_flags(Report(side_effects=((kind, severity),)))) == flagged


def test_each_rule_says_what_to_do_and_no_kind_is_mistyped() -> None:
    from typing import get_args

    from app.rules.words import SideEffectKind

    for rule in rules():
        assert all(text.endswith(".") for text in rule.advice.values())
        assert set(rule.kinds) <= {"*", *get_args(SideEffectKind)}
