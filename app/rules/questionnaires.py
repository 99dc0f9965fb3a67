"""Scores of questionnaires from the values of their items; their texts are proprietary and not included.

PEG: mean of three items 0-10, all three needed; a change of 30 % is meaningful (Krebs 2009). ODI: ten items 0-5, `sum / (5 *
answered) * 100`; 10 points or 30 % are meaningful (Ostelo 2008). NDI: ten items 0-5, of 50; about 7.5 points. PGIC: one
item 1-7, 1 the best; the two best answers are a success. Activities: three painful ones that the patient names, each
0-10; their mean, 50 % better is what some payers ask for.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Questionnaire:
    """How a questionnaire is scored.

    Args:
        items: how many there are; `needed`, how many must be answered.
        least, most: lowest and highest value of an item.
        out_of: the highest score.
        points, percent: a meaningful change, by either; None where none is published.
        halves: items may go in steps of 0.5.
    """

    items: int
    needed: int
    least: int
    most: int
    out_of: float
    points: float | None
    percent: float | None
    halves: bool = False


QUESTIONNAIRES = {
    "peg": Questionnaire(3, 3, 0, 10, 10.0, None, 30.0, halves=True),
    "odi": Questionnaire(10, 8, 0, 5, 100.0, 10.0, 30.0),
    "ndi": Questionnaire(10, 8, 0, 5, 50.0, 7.5, None),
    "pgic": Questionnaire(1, 1, 1, 7, 7.0, None, None),
    "activities": Questionnaire(3, 1, 0, 10, 10.0, None, 50.0, halves=True),
}

ROUNDED = 0.005  # a score has two decimals: it is off by this at most
SUCCESS = 2  # of PGIC, 1 the best of 7: much or very much improved (IMMPACT: Dworkin 2008)


class BadItemsError(ValueError):
    """Items that can't be scored; `place` is the item at fault, None for all of them."""

    def __init__(self, detail: str, place: int | None = None) -> None:
        super().__init__(detail)
        self.place = place


def score(kind: str, items: list[float | None]) -> float:
    """The score; lower is better in each.

    Raises:
        BadItemsError: too many or too few items, a value that the questionnaire does not have.
    """
    q = QUESTIONNAIRES[kind]
    if len(items) > q.items or (len(items) < q.items and kind != "activities"):
        raise BadItemsError(f"{kind} has {q.items} item{'s' if q.items > 1 else ''}; null is one not answered")
    for place, value in enumerate(items):
        if value is not None and not (q.least <= value <= q.most and value * (2 if q.halves else 1) % 1 == 0):
            steps = "steps of 0.5" if q.halves else "whole numbers"
            raise BadItemsError(f"an item of {kind} goes from {q.least} to {q.most} in {steps}", place)
    answered = [v for v in items if v is not None]
    if len(answered) < q.needed:
        raise BadItemsError(f"{kind} needs {q.needed} answered items for a score")
    mean = sum(answered) / len(answered)
    return round(mean * q.out_of / q.most, 2) if kind in ("odi", "ndi") else round(mean, 2)


def is_meaningful(kind: str, before: float, after: float) -> bool | None:
    """Whether the score has fallen by what the literature calls meaningful; None where it does not say.

    A change from 0 has no percentage. Of rounded scores, a change that may be exactly the percentage is one.
    """
    q = QUESTIONNAIRES[kind]
    better = before - after
    by_points = None if q.points is None else better >= q.points
    by_percent = (
        None if q.percent is None or before <= 0 else 100 * better - q.percent * before >= -ROUNDED * (200 - q.percent)
    )
    known = [b for b in (by_points, by_percent) if b is not None]
    return any(known) if known else None


def is_success(kind: str, value: float) -> bool | None:
    """Whether a PGIC is one of the two best answers; None of any other questionnaire."""
    return value <= SUCCESS if kind == "pgic" else None
