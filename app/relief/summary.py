"""Context of a verdict: medication, activity, completeness of the diary, and confounders."""

import numpy as np

from . import parameters as par
from .baseline import Baseline
from .records import Diary, Floats, Phase
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


def confounders(
    diary: Diary, baseline: Baseline, *, phase: Phase, borderline: float, today: int, performed: int
) -> list[Confounder]:
    """What could mislead whoever reads the verdict, each with its numbers."""
    out = []
    if baseline.thin:
        out.append(Confounder("thin_baseline", f"the baseline rests on {baseline.days} logged days; five are reliable"))
    if baseline.source == "clinic":
        out.append(Confounder("clinic_baseline", "the baseline is one number from the clinic, not a diary"))
    if baseline.pain is not None and baseline.pain < par.LOW_BASELINE:
        out.append(
            Confounder("low_baseline", f"baseline {baseline.pain:.1f}: percentages of so little pain are unstable")
        )
    if borderline >= par.BORDERLINE_AT and phase in ("relief", "returning", "returned", "no_relief"):
        out.append(Confounder("borderline", "the plateau lies so near the limit that noise alone could cross it"))
    after = (diary.day > performed) & (diary.day <= performed + today)
    score = np.fmax.reduce(diary.average[after], axis=1)
    score = score[~np.isnan(score)]
    if len(score) >= par.SAME_SCORES and np.all(score[-par.SAME_SCORES :] == score[-1]):
        out.append(
            Confounder("constant_scores", f"the last {par.SAME_SCORES} scores are all {score[-1]:g}: copied, perhaps")
        )
    late = int((diary.known_on - diary.day > par.RECALLED_DAYS)[after].sum())
    if after.sum() >= par.RECALLED_OF and late > after.sum() * par.RECALLED_SHARE:
        out.append(
            Confounder(
                "recalled_entries", f"{late} of {int(after.sum())} entries were written down over three days late"
            )
        )
    recent = after & (diary.day > performed + today - par.ELSEWHERE_DAYS)
    other = diary.elsewhere[recent]
    if (~np.isnan(other)).sum() >= par.ELSEWHERE_LEAST and np.nanmean(other) >= par.ELSEWHERE_PAIN:
        out.append(
            Confounder(
                "pain_elsewhere",
                f"pain at another site averages {np.nanmean(other):.1f} over {par.ELSEWHERE_DAYS} days",
            )
        )
    return out


def _before_and_now(day: Floats, value: Floats, today: int) -> tuple[float | None, float | None]:
    known = ~np.isnan(value)
    before = known & (day >= -par.BASELINE_DAYS) & (day < 0)
    now = known & (day > max(0, today - par.SUMMARY_DAYS)) & (day <= today)
    return (float(value[before].mean()) if before.any() else None, float(value[now].mean()) if now.any() else None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
