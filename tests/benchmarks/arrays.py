"""What every method of the detection benchmark sees of a diary, and what it says of it."""

from dataclasses import dataclass

import numpy as np

from app.answers.verdicts.trace_lines import read_diary
from tests.benchmarks.diaries import AssembledVerdict, Floats


@dataclass(frozen=True)
class Said:
    """What a method says of one diary: the day of its call, its daily chance, and its dates with the interval.

    `relief_days` and `censored` are what it would give a survival curve; None where it has none.
    """

    call: int | None
    chance: Floats | None = None
    onset: int | None = None
    returned: tuple[int, int, int] | None = None
    relief_days: int | None = None
    censored: bool = True


def arrays(made: AssembledVerdict) -> tuple[int, float, Floats]:
    """Last day, baseline and score by day (0 is the procedure) of a diary."""
    _, diary, procedure = read_diary(made.line)
    day = diary.day - procedure.performed_on.toordinal()
    score = diary.score("bilateral")
    before = score[(day < 0) & (day >= -14)]
    base = float(before.mean()) if len(before) >= 3 else float(procedure.baseline_pain or 0)
    out = np.full(made.last + 1, np.nan)
    out[day[day >= 0]] = score[day >= 0]
    return made.last, base, out
