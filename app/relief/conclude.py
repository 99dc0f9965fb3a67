"""Builds the verdict from a run of the filter."""

from datetime import date, timedelta
from math import isnan

import numpy as np

from . import parameters as par
from .dates import look_ahead
from .explain import reasons
from .judgement import Judgement
from .plan import Plan
from .readout import level_interval
from .records import Definition, Diary, Floats, Phase, Procedure, pick_side
from .run import Daily, Run, at_end
from .summary import activity, adherence, confounders, medication
from .verdict import BaselineFound, Current, DaySeries, Return, SideVerdict, Verdict


def conclude(
    run: Run,
    diary: Diary,
    *,
    procedure: Procedure,
    as_of: date,
    definition: Definition,
    sides: list[SideVerdict],
    with_days: bool,
    judged: Judgement | None,
) -> Verdict:
    """The verdict of a run over all revisions of the diary; `as_of` is the day that is asked about.

    `judged` holds phase, onset and return; it is None without a baseline above 0 or without a day to judge.
    """
    plan, performed = run.plan, procedure.performed_on
    base, last = plan.baseline, plan.last
    ends = procedure.watched_until is not None and procedure.watched_until < as_of
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
        forecast=look_ahead(run.newest()[0], base, definition=definition, today=performed + timedelta(days=last))
        if judged and phase == "relief" and not ends
        else None,
        medication=medication(
            offset, now.mme, today=last, masked=crossing is not None and plan.masked_around(crossing.on)
        ),
        activity=activity(offset, now.steps, last),
        adherence=adherence(plan.scored(), last),
        confounders=confounders(
            diary,
            base,
            phase=phase,
            borderline=judged.borderline if judged else 0.0,
            today=last,
            performed=performed.toordinal(),
        ),
        why=reasons(plan, judged.reading, phase=phase, performed=performed, between=judged.why_between())
        if judged
        else [],
        sides=sides,
        days=_series(plan, now, procedure=procedure, judged=judged) if with_days else DaySeries(),
    )


def _current(plan: Plan, judged: Judgement | None) -> Current:
    week = [s for s in plan.score[max(1, plan.last - par.CURRENT_DAYS + 1) :] if not isnan(s)]
    mean = round(sum(week) / len(week), 2) if week else None
    if judged is None or judged.relief_percent is None:
        return Current(mean_7d=mean)
    low, high = level_interval(judged.run.newest(), plan.baseline)
    return Current(
        round(float(judged.reading.level[-1]), 2),
        round(float(low[-1]), 2),
        round(float(high[-1]), 2),
        mean,
        judged.relief_percent,
    )


def _return(judged: Judgement | None, performed: date) -> Return:
    if judged is None:
        return Return(0.0)
    chance = judged.return_probability
    if judged.crossing is None:
        return Return(chance)
    c = judged.crossing
    return Return(chance, *(performed + timedelta(days=d) for d in (c.on, c.low, c.high)))


def _series(plan: Plan, now: Diary, *, procedure: Procedure, judged: Judgement | None) -> DaySeries:
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
            for values in (judged.reading.level, *judged.run.interval())
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
