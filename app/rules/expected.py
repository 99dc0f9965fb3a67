"""Which side effects are expected after the procedure, and until when: reassure, look at soon, or act now.

Expected only where they are mild and in the treated skin; until when stands in `parameters.py`.
"""

from .parameters import EXPECTED_SEVERITY, EXPECTED_UNTIL

WATCHED = {"burning", "numbness", "tingling"}


def is_expected(kind: str, day: int, *, severity: int | None, in_treated_skin: bool) -> bool:
    """Whether a side effect is expected on a day after the procedure (0: its own day); severity is 1-4 or None."""
    until = EXPECTED_UNTIL.get(kind)
    return until is not None and 0 <= day <= until and (severity or 1) <= EXPECTED_SEVERITY and in_treated_skin


def outlasts(kind: str, day: int) -> bool:
    """Whether burning, numbness or tingling lasts beyond its expected time, to be looked at within days."""
    return kind in WATCHED and day > EXPECTED_UNTIL[kind]
