"""A patient's figures at the usual follow-up times: plain means of what was logged, and how many days were logged."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from app.answers.verdicts.context import VerdictContext
from app.answers.verdicts.earlier import diary_of
from app.relief import BASELINE_DAYS, Floats
from app.rules import parameters as par
from app.rules.questionnaires import score


@dataclass(frozen=True)
class Milestone:
    """One time: its days, how many were logged, mean pain, percent of relief and MME over them; scores by questionnaire.

    None means not known. Relief is that of the plain mean against the verdict's baseline, not the engine's.
    """

    time: str
    first_on: date
    last_on: date
    days_logged: int
    pain: float | None
    relief_percent: float | None
    mme: float | None
    function: dict[str, float]


def milestones(about: VerdictContext) -> list[Milestone]:
    """The milestones: before the procedure, each follow-up time that has begun, and now."""
    start, today, treated = about.performed_on, about.until, about.treated_from
    spans = [("before", treated - timedelta(days=BASELINE_DAYS), treated - timedelta(days=1))]
    spans += [(name, start + timedelta(days=a), start + timedelta(days=b)) for name, a, b in par.MILESTONES]
    spans = [(name, first, min(last, today)) for name, first, last in spans if first <= today]
    if today > start:
        spans.append(("now", max(start + timedelta(days=1), today - timedelta(days=par.MILESTONE_NOW - 1)), today))
    diary = diary_of(about.own, about.record, about.entries, time_zone=about.person.time_zone)
    pain = diary.score(about.own.body.laterality)
    out = []
    for name, first, last in spans:
        inside = (diary.day >= first.toordinal()) & (diary.day <= last.toordinal())
        mean = _mean(pain[inside])
        baseline = about.verdict.baseline.pain
        relief = None if mean is None or not baseline or name == "before" else 100 * (1 - mean / baseline)
        out.append(
            Milestone(
                name,
                first,
                last,
                int((~np.isnan(pain[inside])).sum()),
                _rounded(mean),
                _rounded(relief),
                _rounded(_mean(diary.mme[inside])),
                _function(about, name, first=first, last=last),
            )
        )
    return out


def _function(about: VerdictContext, name: str, *, first: date, last: date) -> dict[str, float]:
    """The last score of each questionnaire answered near the time; for `before`, the last up to the procedure's day."""
    reach = timedelta(days=par.QUESTIONNAIRE_NEAR)
    begin, end = (date.min, about.performed_on) if name == "before" else (first - reach, last + reach)
    begin = begin if name == "before" else max(begin, about.performed_on + timedelta(days=1))
    found: dict[str, float] = {}
    for one in (fact.body for fact in about.record.assessments):
        if begin <= one.answered_on <= min(end, about.until):
            found[one.kind] = score(one.kind, one.items)
    return found


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
