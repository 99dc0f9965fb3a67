"""Where a procedure stands at the end of a run: its phase, and the days on which relief began and ended."""

from functools import cached_property

import numpy as np

from . import parameters as par
from .dates import Crossing, begins, onset_day, return_crossing
from .definitions import Response, relief_percent, response
from .records import Definition, Phase
from .run import DayRange, Run, at_end


class Judgement:
    """Phase, onset and return of a run that has a baseline above 0 and at least one day."""

    def __init__(self, run: Run, definition: Definition) -> None:
        self.run, self.plan = run, run.plan
        self.reading = read = run.reading(definition)
        today = at_end(run.plan, read, only_last=True)
        self.phase: Phase = today.phase[-1]
        self.relief_percent = today.relief_percent[-1]
        self.return_probability = today.return_probability[-1]
        self.borderline = float(read.borderline[-1])
        self.ended = self.phase in ("returning", "returned")
        self._definition = definition
        self.newest = max(run.plan.scored(), default=0)

    def windows(self) -> list[DayRange]:
        """The windows of days to smooth: around the onset and, where relief is ending or has ended, around the return.

        A window begins before the last stretch of days on which the event was at all likely, and ends when it had been
        likely for SMOOTH_AFTER days.
        """
        if not self.ended and self.phase != "relief":
            return []
        seen = [self.reading.reached, self.reading.returned][: 1 + self.ended]
        return [
            (
                max(1, begins(chance, par.SMOOTH_FROM) - par.SMOOTH_BEFORE),
                min(len(chance), begins(chance, par.RETURNING_AT) + par.SMOOTH_AFTER),
            )
            for chance in seen
        ]

    @cached_property
    def onset(self) -> int | None:
        """Day of onset, where relief was reached."""
        if not self.windows():
            return None
        days = self.windows()[0]
        found = onset_day(self.run.smoothed(self._definition, days).reached, days[0])
        return found or begins(self.reading.reached, par.REACHED_AT)

    @cached_property
    def crossing(self) -> Crossing | None:
        """Day of the return, where it has begun."""
        if not self.ended:
            return None
        days = self.windows()[1]
        return return_crossing(self.run.smoothed(self._definition, days).returned, days[0])

    def relief_days(self) -> int | None:
        """Days from the procedure to the return; before `returned`, to the newest score; None without an onset."""
        if self.phase == "returned" and self.crossing is not None:
            return self.crossing.on
        return self.newest if self.onset is not None else None

    def why_between(self) -> tuple[int, int]:
        """The days whose entries may be named as a reason: near the return, where there is one."""
        if self.crossing is None:
            return 0, self.plan.last
        return max(self.onset or 0, self.crossing.low - par.REASON_BEFORE), self.crossing.high + par.REASON_AFTER

    def response(self) -> Response | None:
        """By the median level from onset to the return or newest score; for `no_relief`, of the last 28 days."""
        if self.onset is not None:
            until = max(self.crossing.on if self.crossing else self.newest, self.onset)
            level = self.reading.level[self.onset - 1 : until]
        elif self.phase == "no_relief":
            level = self.reading.level[-par.FAILURE_DAYS :]
        else:
            return None
        return response(relief_percent(float(np.median(level)), self.plan.baseline.pain or 0.0))
