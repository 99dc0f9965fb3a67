"""Which side effects are expected after the procedure, and until when: reassure, look at soon, or act now.

Soreness for two weeks; a burning, sunburn-like skin for three (neuritis, Singh 2019); numbness over the joint up to 12 weeks
(Govind 2003); bruising for two. Expected only where they are mild and in the treated skin.
"""

EXPECTED_UNTIL = {"soreness": 14, "bruising": 14, "burning": 21, "tingling": 21, "numbness": 84}
WATCHED = {"burning", "numbness", "tingling"}


def is_expected(kind: str, day: int, severity: int | None, in_treated_skin: bool) -> bool:
    """Whether a side effect is expected on a day after the procedure (0: its own day); severity is 1-4 or None."""
    until = EXPECTED_UNTIL.get(kind)
    return until is not None and 0 <= day <= until and (severity or 1) <= 2 and in_treated_skin


def outlasts(kind: str, day: int) -> bool:
    """Whether burning, numbness or tingling lasts beyond its expected time, to be looked at within days."""
    return kind in WATCHED and day > EXPECTED_UNTIL[kind]
