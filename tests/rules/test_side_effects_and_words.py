import pytest

from app.rules.expected import is_expected, outlasts
from app.rules.medications import Dose, catalogue, class_changes, opioid_mme


@pytest.mark.parametrize(
    ("kind", "day", "severity", "treated", "expected"),
    [
        ("numbness", 30, 1, True, True),
        ("numbness", 85, 1, True, False),
        ("numbness", 30, 3, True, False),
        ("numbness", 30, 1, False, False),
        ("burning", 21, None, True, True),
        ("burning", 22, None, True, False),
        ("soreness", 14, 2, True, True),
        ("fever", 1, 1, True, False),
        ("weakness", 1, 1, True, False),
    ],
)
def test_what_is_usual_and_until_when(kind: str, day: int, severity: int | None, treated: bool, expected: bool) -> None:
    assert is_expected(kind, day, severity=severity, in_treated_skin=treated) == expected


def test_numbness_past_twelve_weeks_is_to_be_looked_at() -> None:
    assert not outlasts("numbness", 84) and outlasts("numbness", 85)
    assert outlasts("burning", 22) and not outlasts("soreness", 200)


def test_a_medication_may_be_given_by_name() -> None:
    assert opioid_mme([Dose(None, 50, "mg", 2, "Tramadol")]) == 20
    assert opioid_mme([Dose(None, 500, "mg", 3, " acetaminophen ")]) == 0
    assert opioid_mme([Dose(None, 1, "mg", 1, "grandmother's drops")]) is None
    assert len({m.name for m in catalogue()}) == len(catalogue())


def test_class_changes_by_doses_a_day() -> None:
    ten, five = Dose("10689", 50, "mg", 4), Dose("10689", 50, "mg", 2)
    aspirin, unknown = Dose("1191", 500, "mg", 1), Dose(None, 1, "mg", 1, "drops")
    assert class_changes([[ten]] * 5, [[five]] * 5) == {"opioid": "down"}
    assert class_changes([[five]] * 5, [[ten, aspirin]] * 5) == {"nsaid": "started", "opioid": "up"}
    assert class_changes([[five]] * 5, [[]] * 5) == {"opioid": "stopped"}
    assert class_changes([], [[five]]) == {"opioid": "unknown"}
    assert class_changes([[five]], [[unknown]]) == {"opioid": "unknown"}
    assert class_changes([[five]] * 10, [[five]] * 9 + [[ten]]) == {"opioid": "same"}


def test_opioids_compare_by_mme_and_not_by_milligrams() -> None:
    """80 MME of oxycodone before, 40 of tramadol now: more milligrams, half the dose."""
    oxycodone, tramadol = Dose(None, 26.67, "mg", 2, "oxycodone"), Dose(None, 100, "mg", 2, "tramadol")
    assert opioid_mme([oxycodone]) == pytest.approx(80, abs=0.1)
    assert opioid_mme([tramadol]) == 40
    assert class_changes([[oxycodone]] * 5, [[tramadol]] * 5) == {"opioid": "down"}
    patch = Dose(None, 25, "mcg/h", None, "fentanyl")
    assert opioid_mme([patch]) == 60
    assert class_changes([[tramadol]] * 5, [[patch]] * 5) == {"opioid": "up"}


def test_another_kind_moves_where_each_of_its_drugs_does() -> None:
    ibuprofen, naproxen = Dose(None, 400, "mg", 3, "ibuprofen"), Dose(None, 250, "mg", 2, "naproxen")
    less, more = Dose(None, 400, "mg", 1, "ibuprofen"), Dose(None, 500, "mg", 2, "naproxen")
    assert class_changes([[ibuprofen, more]] * 5, [[less, naproxen]] * 5) == {"nsaid": "down"}
    assert class_changes([[ibuprofen, naproxen]] * 5, [[less, more]] * 5) == {"nsaid": "mixed"}
    assert class_changes([[ibuprofen]] * 5, [[naproxen]] * 5) == {"nsaid": "mixed"}, "one stopped, one started"
    assert class_changes([[less]] * 5, [[ibuprofen, naproxen]] * 5) == {"nsaid": "up"}
