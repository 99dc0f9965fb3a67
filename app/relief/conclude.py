"""Builds the verdict from a run of the filter."""

from datetime import date, timedelta
from math import isnan

import numpy as np

from . import parameters as par
from .definitions import relief_percent
from .durations import DurationPrior, hazard
from .explain import reasons
from .forecast import look_ahead
from .judgement import Judgement, Stretch
from .plan import Plan
from .records import Definition, Diary, Floats, Procedure, TreatedSide, pick_side
from .spells import EstimatedDay
from .summary import SummaryInput, activity, adherence, confounders, medication
from .verdict import BaselineFound, Current, DaySeries, Return, SideVerdict, Spell, Verdict


def conclude(
    plan: Plan,
    diary: Diary,
    *,
    procedure: Procedure,
    as_of: date,
    definition: Definition,
    sides: list[SideVerdict],
    with_days: bool,
    prior: DurationPrior | None,
    judged: Judgement | None,
) -> Verdict:
    """The verdict of a run over all revisions of the diary; `as_of` is the day that is asked about.

    `prior` is how long relief lasts in the clinic's cohort, for the forecast.

    `judged` is None without a baseline above 0 or without a day to judge.
    """
    performed, base, last = procedure.performed_on, plan.baseline, plan.last
    ends = procedure.watched_until is not None and procedure.watched_until < as_of
    now = diary.latest()
    offset = (now.day - performed.toordinal()).astype(np.float64)
    phase = judged.phase if judged else ("settling" if base.pain else "unknown")
    spell = judged.spell if judged else None
    begun = spell.begun if spell else None
    crossed = spell.ended if spell else None
    scored = plan.scored()
    return Verdict(
        as_of=as_of,
        engine=par.ENGINE,
        definition=definition,
        phase=phase,
        response=judged.response() if judged else None,
        baseline=BaselineFound(None if base.pain is None else round(base.pain, 2), base.source, base.days, base.thin),
        current=_current(plan, judged),
        watched_from=performed + timedelta(days=scored[0]) if scored else None,
        onset_on=_day(performed, begun and begun.on),
        onset_low=_day(performed, begun and begun.low),
        onset_high=_day(performed, begun and begun.high),
        returned=_return(judged, performed),
        relief_days=judged.relief_days() if judged else None,
        held_days=judged.held_days() if judged else None,
        spells=_spells(judged, performed),
        censored=not (judged and (judged.over if spell else judged.failed)),
        forecast=look_ahead(judged, hazard(prior, procedure.earlier), performed + timedelta(days=last))
        if judged and phase == "relief" and not ends
        else None,
        medication=medication(
            offset, now.mme, today=last, masked=crossed is not None and plan.masked_around(crossed.on)
        ),
        activity=activity(offset, now.steps, last),
        adherence=adherence(scored, last),
        confounders=confounders(diary, SummaryInput(plan, procedure, judged, phase)),
        why=reasons(plan, judged, phase=phase, performed=performed) if judged else [],
        sides=sides,
        days=_series(plan, now, procedure=procedure, judged=judged) if with_days else DaySeries(),
    )


def side_verdict(side: TreatedSide, verdict: Verdict) -> SideVerdict:
    """What is told of one side."""
    v = verdict
    return SideVerdict(
        side,
        v.phase,
        v.current.relief_percent,
        onset_on=v.onset_on,
        onset_low=v.onset_low,
        onset_high=v.onset_high,
        returned=v.returned,
        relief_days=v.relief_days,
        held_days=v.held_days,
        spells=v.spells,
    )


def _day(performed: date, day: int | None) -> date | None:
    return None if day is None else performed + timedelta(days=day)


def _current(plan: Plan, judged: Judgement | None) -> Current:
    week = [s for s in plan.score[max(1, plan.last - par.CURRENT_DAYS + 1) :] if not isnan(s)]
    mean = round(sum(week) / len(week), 2) if week else None
    written = [s for s in plan.score[max(1, plan.last - par.WRITTEN_DAYS + 1) :] if not isnan(s)][-par.CURRENT_DAYS :]
    said = None
    if written and plan.baseline.pain:
        said = round(relief_percent(sum(written) / len(written), plan.baseline.pain), 1)
    if judged is None or judged.daily.relief_percent[-1] is None:
        return Current(mean_7d=mean, relief_written_percent=said)
    daily = judged.daily
    return Current(daily.level[-1], daily.low[-1], daily.high[-1], mean, daily.relief_percent[-1], said)


def _return(judged: Judgement | None, performed: date) -> Return:
    if judged is None:
        return Return(0.0)
    chance = judged.daily.return_probability[-1]
    if judged.spell is None or judged.spell.ended is None:
        return Return(chance)
    when: EstimatedDay = judged.spell.ended
    return Return(chance, *(performed + timedelta(days=d) for d in when))


def _spells(judged: Judgement | None, performed: date) -> list[Spell]:
    if judged is None:
        return []

    def told(spell: Stretch) -> Spell:
        over = spell.settled or judged.held == "returned"
        return Spell(
            _day(performed, spell.begun and spell.begun.on),
            _day(performed, spell.ended.on if spell.ended and over else None),
            judged.until(spell) - judged.began(spell),
            spell.settled,
        )

    return [told(spell) for spell in judged.stretches]


def _series(plan: Plan, now: Diary, *, procedure: Procedure, judged: Judgement | None) -> DaySeries:
    performed, n = procedure.performed_on.toordinal(), plan.last
    at = now.day - performed
    within = (at > 0) & (at <= n)

    def column(values: Floats) -> list[float | None]:
        by_day = np.full(n, np.nan)
        by_day[at[within] - 1] = values[within]
        return [None if value != value else value for value in by_day.tolist()]

    silent: list[float | None] = [None] * n
    daily = judged.daily if judged else None
    return DaySeries(
        date=[date.fromordinal(performed + d) for d in range(1, n + 1)],
        average=column(now.score(procedure.laterality)),
        worst=column(pick_side(now.worst, procedure.laterality)),
        level=daily.level if daily else silent,
        low=daily.low if daily else silent,
        high=daily.high if daily else silent,
        relief_percent=daily.relief_percent if daily else silent,
        return_probability=daily.return_probability if daily else [0.0] * n,
        phase=daily.phase if daily else ["unknown"] * n,
        opioid_mme=column(now.mme),
        steps=column(now.steps),
    )
