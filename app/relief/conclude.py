"""From a run of the filter to the whole verdict."""

from datetime import date, timedelta
from math import isnan

import numpy as np

from . import parameters as par
from .dates import Crossing, look_ahead, onset_day, return_crossing
from .definitions import Response, relief_percent, response
from .explain import reasons
from .knowledge import Plan
from .readout import level_interval, read
from .records import Definition, Diary, Floats, Phase, Procedure, pick_side
from .run import Daily, Run, at_end
from .summary import activity, adherence, confounders, medication
from .verdict import BaselineFound, Current, DaySeries, Return, Side, Verdict


def conclude(
    run: Run,
    diary: Diary,
    procedure: Procedure,
    as_of: date,
    definition: Definition,
    sides: list[Side],
    with_days: bool,
) -> Verdict:
    """The verdict of a run over all writings of the diary; `as_of` is the day of the question."""
    plan, performed = run.plan, procedure.performed_on
    base, last = plan.baseline, plan.last
    ends = procedure.watched_until is not None and procedure.watched_until < as_of
    judged = _Judged(run, definition) if base.pain and last > 0 else None
    phase: Phase = judged.phase if judged else ("settling" if base.pain else "unknown")
    onset = judged.onset if judged else None
    crossing = judged.crossing if judged else None
    now = diary.latest()
    offset = (now.day - performed.toordinal()).astype(np.float64)
    return Verdict(
        as_of=as_of,
        engine=par.ENGINE,
        definition=definition,
        phase=phase,
        response=judged.response() if judged else None,
        baseline=BaselineFound(None if base.pain is None else round(base.pain, 2), base.source, base.days, base.thin),
        current=_current(plan, judged),
        onset_on=None if onset is None else performed + timedelta(days=onset),
        returned=_return(judged, performed),
        relief_days=judged.relief_days() if judged else None,
        censored=phase not in ("no_relief", "returned"),
        forecast=look_ahead(judged.weights[-1], base, definition, performed + timedelta(days=last))
        if judged and phase == "relief" and not ends
        else None,
        medication=medication(offset, now.mme, last, crossing is not None and plan.masked_around(crossing.on)),
        activity=activity(offset, now.steps, last),
        adherence=adherence(plan.scored(), last),
        confounders=confounders(diary, base, phase, judged.borderline if judged else 0.0, last, performed.toordinal()),
        why=reasons(plan, judged.reading, phase, performed, *judged.why_between()) if judged else [],
        sides=sides,
        days=_series(plan, now, procedure, judged) if with_days else DaySeries(),
    )


class _Judged:
    """The readings of a run that has a baseline and at least one day."""

    def __init__(self, run: Run, definition: Definition) -> None:
        base = run.plan.baseline
        self.plan = run.plan
        self.weights = run.final()
        self.reading = read(self.weights, base, definition)
        today = at_end(run.plan, self.reading, only_last=True)
        self.phase: Phase = today.phase[-1]
        self.relief_percent = today.relief_percent[-1]
        self.return_probability = today.return_probability[-1]
        self.borderline = float(self.reading.borderline[-1])
        ended = self.phase in ("returning", "returned")
        self.onset: int | None = None
        self.crossing: Crossing | None = None
        self.seen = self.reading
        if ended or self.phase == "relief":
            self.seen = read(run.smoothed(), base, definition)
            self.onset = onset_day(self.seen.reached)
            self.crossing = return_crossing(self.seen.returned) if ended else None
        self.newest = max(run.plan.scored(), default=0)

    def relief_days(self) -> int | None:
        """Days to the return; while it has not firmly come, to the last day that the diary speaks for."""
        if self.phase == "returned" and self.crossing is not None:
            return self.crossing.on
        return self.newest if self.onset is not None else None

    def why_between(self) -> tuple[int, int]:
        """The days whose entries may be named as a reason: near the return, where there is one."""
        if self.crossing is None:
            return 0, self.plan.last
        return max(self.onset or 0, self.crossing.low - 14), self.crossing.high + 21

    def response(self) -> Response | None:
        """By the middle level from onset to the end of relief; of the last four weeks where relief never came."""
        if self.onset is not None:
            until = max(self.crossing.on if self.crossing else self.newest, self.onset)
            level = self.seen.level[self.onset - 1 : until]
        elif self.phase == "no_relief":
            level = self.seen.level[-28:]
        else:
            return None
        return response(relief_percent(float(np.median(level)), self.plan.baseline.pain or 0.0))


def _current(plan: Plan, judged: _Judged | None) -> Current:
    week = [s for s in plan.score[max(1, plan.last - 6) :] if not isnan(s)]
    mean = round(sum(week) / len(week), 2) if week else None
    if judged is None or judged.relief_percent is None:
        return Current(mean_7d=mean)
    low, high = level_interval(judged.weights[-1:], plan.baseline)
    return Current(
        round(float(judged.reading.level[-1]), 2),
        round(float(low[0]), 2),
        round(float(high[0]), 2),
        mean,
        judged.relief_percent,
    )


def _return(judged: _Judged | None, performed: date) -> Return:
    if judged is None:
        return Return(0.0)
    chance = judged.return_probability
    if judged.crossing is None:
        return Return(chance)
    c = judged.crossing
    return Return(chance, *(performed + timedelta(days=d) for d in (c.on, c.low, c.high)))


def _series(plan: Plan, now: Diary, procedure: Procedure, judged: _Judged | None) -> DaySeries:
    performed, n = procedure.performed_on.toordinal(), plan.last
    rows = {int(d) - performed: i for i, d in enumerate(now.day)}
    at = [rows.get(d) for d in range(1, n + 1)]

    def column(values: Floats) -> list[float | None]:
        return [None if i is None or isnan(values[i]) else float(values[i]) for i in at]

    silent: list[float | None] = [None] * n
    level = low = high = silent
    daily = at_end(plan, judged.reading) if judged else Daily(["unknown"] * n, silent, [0.0] * n)
    if judged is not None:
        level, low, high = (
            [None if r is None else round(v, 2) for v, r in zip(values.tolist(), daily.relief_percent, strict=True)]
            for values in (judged.reading.level, *level_interval(judged.weights, plan.baseline))
        )
    return DaySeries(
        date=[date.fromordinal(performed + d) for d in range(1, n + 1)],
        average=column(now.score(procedure.laterality)),
        worst=column(pick_side(now.worst, procedure.laterality)),
        level=level,
        low=low,
        high=high,
        relief_percent=daily.relief_percent,
        return_probability=daily.return_probability,
        phase=daily.phase,
        opioid_mme=column(now.mme),
        steps=column(now.steps),
    )
