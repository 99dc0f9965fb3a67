"""What of a verdict's course its sentence, its outcome and so its flags ask alike."""

from collections.abc import Iterable
from datetime import date

from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.relief import SUMMARY_DAYS, Verdict
from app.rules.parameters import KNOWN_FOR, WORSE_AFTER, WORSE_BELOW


def kinds_of(verdict: Verdict) -> frozenset[str]:
    """The kinds of its confounders."""
    return frozenset(one.kind for one in verdict.confounders)


def relief_of_course(verdict: Verdict, before_first: float) -> float | None:
    """Relief modelled against the pain before the first of a course's procedures, in percent; None where not known."""
    level = verdict.current.level
    return None if level is None or before_first <= 0 else round(100 * (1 - level / before_first), 1)


def is_again(verdict: Verdict) -> bool:
    """Whether there has been a spell of relief after the first return: its dates are those of the last of `spells`."""
    return len(verdict.spells) > 1


def is_worse(verdict: Verdict, days: int) -> bool:
    """Whether the level lies clearly above baseline, once the soreness of the procedure is over: `days` are since it."""
    percent, low, before = verdict.current.relief_percent, verdict.current.low, verdict.baseline.pain
    if percent is None or low is None or before is None:
        return False
    return days > WORSE_AFTER and percent < WORSE_BELOW and low > before


def was_worse(verdict: Verdict, performed_on: date) -> bool:
    """Whether the level lay clearly above baseline when the diary last told of it."""
    scored, before = logged_days(verdict), verdict.baseline.pain
    if not scored or before is None:
        return False
    at = verdict.days.date.index(scored[-1])
    percent, low = verdict.days.relief_percent[at], verdict.days.low[at]
    if percent is None or low is None:
        return False
    return (scored[-1] - performed_on).days > WORSE_AFTER and percent < WORSE_BELOW and low > before


def opioid_change(verdict: Verdict) -> float | None:
    """The dose when the diary last told of one, over two weeks, against the weeks before the procedure, in percent."""
    before, doses = verdict.medication.mme_before, verdict.days.opioid_mme
    last = max((n for n, dose in enumerate(doses) if dose is not None), default=None)
    if not before or last is None:
        return None
    now = [dose for dose in doses[max(0, last - SUMMARY_DAYS + 1) : last + 1] if dose is not None]
    return round(100 * (sum(now) / len(now) - before) / before, 1)


def logged_days(verdict: Verdict) -> list[date]:
    """The days since the procedure with a score, average or worst."""
    columns = zip(verdict.days.date, verdict.days.average, verdict.days.worst, strict=True)
    return [on for on, average, worst in columns if average is not None or worst is not None]


def is_silent(verdict: Verdict, performed_on: date) -> bool:
    """Whether the diary has told nothing for so long that nothing is said of today."""
    newest = max(logged_days(verdict), default=performed_on)
    return (verdict.as_of - newest).days > KNOWN_FOR and verdict.phase != "settling"


def last_written(own: Fact[ProcedureIn], entries: Iterable[DayEntry]) -> date | None:
    """The last day since a procedure with a score of its site, one for both sides together counted."""
    body = own.body
    sides = {body.laterality, "both"} if body.laterality != "bilateral" else {"left", "right", "both"}
    days = [
        entry.date
        for entry in entries
        if entry.date > body.performed_on
        and any(pain["region"] == body.region and pain["side"] in sides for pain in entry.content.get("pain") or ())
    ]
    return max(days, default=None)


def logged_since(verdict: Verdict, written: date | None) -> bool:
    """Whether something was written after the last day that the verdict could use."""
    used = logged_days(verdict)
    return written is not None and (not used or written > used[-1])


def newest_return(verdict: Verdict) -> date | None:
    """The day from which the pain is back, or likely back: that of the last spell, which may not be the first."""
    if not verdict.spells or verdict.phase == "relief":
        return verdict.returned.on
    return verdict.spells[-1].to_on or verdict.returned.on
