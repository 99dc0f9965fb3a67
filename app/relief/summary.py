"""Context of a verdict: medication, activity, completeness of the diary, and confounders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np

from . import parameters as par
from .judgement import Judgement
from .medicine import could_hide
from .plan import Plan
from .records import Diary, Floats, Phase, Procedure
from .verdict import Completeness, Confounder, OpioidChange, StepsChange


def medication(day: Floats, mme: Floats, *, today: int, masked: bool) -> OpioidChange:
    """Mean MME a day in the 14 days before the procedure (day < 0) and in the last 14; day and mme have shape (n,)."""
    before, now = _before_and_now(day, mme, today)
    change = None if before is None or now is None or before == 0 else round(100 * (now - before) / before, 1)
    return OpioidChange(_rounded(before), _rounded(now), change, masked)


def activity(day: Floats, steps: Floats, today: int) -> StepsChange:
    """Mean steps a day in the 14 days before the procedure and in the last 14; day and steps have shape (n,)."""
    before, now = _before_and_now(day, steps, today)
    return StepsChange(None if before is None else round(before), None if now is None else round(now))


def adherence(scored: list[int], today: int) -> Completeness:
    """Counts from day 1 to `today`; `scored` are the days with a score, rising."""
    edges = np.array([0, *scored, today + 1])
    gap = int(np.diff(edges).max()) - 1 if today > 0 else 0
    return Completeness(len(scored), max(today, 0), max(gap, 0))


@dataclass(frozen=True)
class SummaryInput:
    """What a verdict rests on; `judged` is None without a baseline above 0 or a day."""

    plan: Plan
    procedure: Procedure
    judged: Judgement | None
    phase: Phase


def confounders(diary: Diary, seen: SummaryInput) -> list[Confounder]:
    """What could mislead whoever reads the verdict, each with its numbers."""
    found = [*_of_baseline(diary, seen), *_of_level(seen), *_of_writing(diary, seen), *_of_dose(seen)]
    other = _elsewhere(diary, seen)
    return [*found, other] if other else found


def _of_baseline(diary: Diary, seen: SummaryInput) -> Iterator[Confounder]:
    baseline, recorded = seen.plan.baseline, seen.procedure.baseline_pain
    performed = (seen.procedure.treated_from or seen.procedure.performed_on).toordinal()
    if baseline.thin:
        yield Confounder("thin_baseline", f"the baseline rests on {baseline.days} logged days; five are reliable")
    measured = baseline.days >= par.BASELINE_MIN_LOGGED
    if baseline.pain is not None and not measured:
        yield Confounder("clinic_baseline", "the baseline is one number from the clinic, not a diary")
    if baseline.pain is None:
        return
    if baseline.pain < par.LOW_BASELINE:
        yield Confounder("low_baseline", f"baseline {baseline.pain:.1f}: percentages of so little pain are unstable")
    if measured:
        if recorded is not None and abs(recorded - baseline.pain) >= par.BASELINES_APART:
            yield Confounder(
                "baseline_conflict", f"the diary's baseline is {baseline.pain:.1f}, the clinic recorded {recorded:g}"
            )
        before = (diary.day < performed) & (diary.day >= performed - par.BASELINE_DAYS)
        late = before & (diary.known_on - performed > par.BASELINE_LATE_DAYS)
        if late.sum() * 2 > before.sum():
            days = int(np.median((diary.known_on - diary.day)[late]))
            yield Confounder("recalled_baseline", f"most days of the baseline were written down some {days} days later")


def _of_level(seen: SummaryInput) -> Iterator[Confounder]:
    judged = seen.judged
    if judged is None:
        return
    if seen.phase in ("relief", "returning", "returned", "no_relief") and judged.borderline() >= par.BORDERLINE_AT:
        yield Confounder("borderline", "the level lies so near the line that noise alone could cross it")
    if judged.failed and judged.early_relief():
        yield Confounder(
            "early_relief_only", "relief in the first weeks did not last: an anaesthetic or a steroid, perhaps"
        )
    if judged.joined_late:
        yield Confounder("joined_late", f"the diary begins on day {judged.first}: what lies before it is not known")


def _of_writing(diary: Diary, seen: SummaryInput) -> Iterator[Confounder]:
    performed, today = seen.procedure.performed_on.toordinal(), seen.plan.last
    after = (diary.day > performed) & (diary.day <= performed + today)
    score = np.fmax.reduce(diary.average[after], axis=1)
    score = score[~np.isnan(score)]
    if len(score) >= par.SAME_SCORES and np.all(score[-par.SAME_SCORES :] == score[-1]):
        yield Confounder("constant_scores", f"the last {par.SAME_SCORES} scores are all {score[-1]:g}: copied, perhaps")
    late = int((diary.known_on - diary.day > par.RECALLED_DAYS)[after].sum())
    if after.sum() >= par.RECALLED_OF and late > after.sum() * par.RECALLED_SHARE:
        yield Confounder(
            "recalled_entries", f"{late} of {int(after.sum())} entries were written down over three days late"
        )
    scored = seen.plan.scored()
    averages = [d for d in scored if seen.plan.score[d] == seen.plan.score[d]]
    if scored and scored[-1] - max(averages, default=0) >= (par.WORST_ONLY_DAYS if averages else 0):
        yield Confounder(
            "worst_only",
            f"only worst scores are logged{' of late' if averages else ''}: the average is guessed from them",
        )
    for last, then in pairwise(scored):
        if then - last > par.INTERRUPTED_DAYS:
            stopped = seen.procedure.performed_on + timedelta(days=last + 1)
            yield Confounder(
                "interrupted", f"nothing is logged for {then - last - 1} days from {stopped.day} {stopped:%B %Y} on"
            )
    followed = today - scored[0] + 1 if scored else 0
    if followed >= par.SPARSE_FROM_DAYS and len(scored) < par.SPARSE_SHARE * followed:
        line = par.BAD_DAYS_LEVEL * (seen.plan.baseline.pain or 0.0)
        bad = len(score) > 0 and (score >= line).mean() >= par.BAD_DAYS_SHARE
        perhaps = "; nearly all of them bad: perhaps only such days are logged" if bad else ""
        kind = "only_bad_days" if bad else "sparse"
        yield Confounder(kind, f"{len(scored)} of {followed} days are logged{perhaps}")


def _of_dose(seen: SummaryInput) -> Iterator[Confounder]:
    plan = seen.plan
    rise, usual = plan.dose
    if could_hide(rise, usual) >= par.MASKED_FROM:  # a little more of it is no news
        says = f"opioids rose from {usual:.0f} to {usual + rise:.0f} MME a day: scores may hide pain"
        yield Confounder("opioid_rise", says)
    spell = seen.judged.spell if seen.judged else None
    if spell is not None and spell.ended is not None:
        on = spell.ended.on
        if plan.masked_around(on):
            yield Confounder("masked", "opioids rose as scores did: they may hide part of the pain")
        before = _mean(plan.mme[max(1, on - par.MASK_USUAL_DAYS) : max(1, on - par.STOPPED_DAYS)])
        after = _mean(plan.mme[on : on + par.STOPPED_DAYS])
        if before is not None and after is not None and before >= par.MASK_FREE_MME and after < par.NO_DOSE:
            yield Confounder("opioids_stopped", f"opioids fell from {before:.0f} MME a day to none when pain rose")


def _elsewhere(diary: Diary, seen: SummaryInput) -> Confounder | None:
    performed, today = seen.procedure.performed_on.toordinal(), seen.plan.last
    recent = (diary.day > performed + max(0, today - par.ELSEWHERE_DAYS)) & (diary.day <= performed + today)
    other = diary.elsewhere[recent]
    if (~np.isnan(other)).sum() < par.ELSEWHERE_LEAST or np.nanmean(other) < par.ELSEWHERE_PAIN:
        return None
    return Confounder(
        "pain_elsewhere", f"pain at another site averages {np.nanmean(other):.1f} over {par.ELSEWHERE_DAYS} days"
    )


def _mean(values: list[float]) -> float | None:
    known = [v for v in values if v == v]
    return sum(known) / len(known) if len(known) >= par.MASK_RECENT_LEAST else None


def _before_and_now(day: Floats, value: Floats, today: int) -> tuple[float | None, float | None]:
    known = ~np.isnan(value)
    before = known & (day >= -par.BASELINE_DAYS) & (day < 0)
    now = known & (day > max(0, today - par.SUMMARY_DAYS)) & (day <= today)
    return (float(value[before].mean()) if before.any() else None, float(value[now].mean()) if now.any() else None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
