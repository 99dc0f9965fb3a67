"""The states of a review, and which step is allowed from which state. Pure."""

from typing import Literal

State = Literal["opened", "in_work", "proposed", "booked", "decided", "cancelled"]
ReviewStep = Literal["work", "propose", "book", "unbook", "move", "decide", "cancel", "reopen"]
CHECKS = ("relief_and_dates", "diary_complete_enough", "function", "confounders_excluded", "blocks", "patient_asked")
Decision = Literal["repeat", "other_treatment", "wait", "none"]
DECISIONS: dict[Decision, str] = {
    "repeat": "repeat the procedure",
    "other_treatment": "another treatment",
    "wait": "wait",
    "none": "no repeat",
}
OPEN: tuple[State, ...] = ("opened", "in_work", "proposed", "booked")
WAY: dict[tuple[State, ReviewStep], State] = {
    ("opened", "work"): "in_work",
    ("in_work", "work"): "in_work",
    ("proposed", "work"): "proposed",
    ("booked", "work"): "booked",
    ("opened", "propose"): "proposed",
    ("in_work", "propose"): "proposed",
    ("proposed", "propose"): "proposed",
    **{(state, "book"): "booked" for state in ("opened", "in_work", "proposed")},
    ("decided", "book"): "decided",  # a repeat that was decided before it had a slot
    ("booked", "unbook"): "proposed",
    ("booked", "move"): "booked",
    ("decided", "unbook"): "proposed",  # the repeat that was decided has no slot any more
    ("decided", "move"): "decided",
    ("decided", "reopen"): "opened",
    ("cancelled", "reopen"): "opened",
    **{(state, "decide"): "decided" for state in OPEN},
    **{(state, "cancel"): "cancelled" for state in OPEN},
}


def after(state: State, step: ReviewStep) -> State | None:
    """The state that a step leads to; None where it is not allowed."""
    return WAY.get((state, step))
