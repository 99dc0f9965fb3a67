"""A verdict as it goes over the wire."""

import json
from dataclasses import is_dataclass
from datetime import date, datetime

from app.answers.verdicts.course import relief_of_course
from app.answers.verdicts.record import WatchEnd
from app.answers.verdicts.side_effects import SideEffectCourse
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.relief import ENGINE, Confounder, DurationPrior, Verdict

WORDING = 11  # moved on where the same verdict is worded anew: what is kept or cached from before no longer holds
MADE_BY = f"{ENGINE} {WORDING}"


def to_json(
    verdict: Verdict,
    own: Fact[ProcedureIn],
    *,
    as_known_on: datetime | None,
    effects: list[SideEffectCourse],
    beside: list[Confounder],
    says: str,
    end: WatchEnd | None,
    before_first: float | None,
    cohort: DurationPrior | None = None,
) -> str:
    """The body of the answer for a procedure as it was recorded.

    Args:
        beside: what of the rest of the record could mislead, added to its confounders.
        end: what ended its watch by then.
        before_first: of a repeat, the baseline before the first procedure at its place, in points.
        cohort: what of its clinic the forecast heeds.
    """
    body = {
        "procedure_id": own.id,
        "as_of": verdict.as_of,
        "as_known_on": as_known_on,
        "engine": verdict.engine,
        "definition": verdict.definition,
        "says": says,
        "watched_from": verdict.watched_from,
        "followed_until": None if end is None else end.on,
        "closed_by": None if end is None else end.why,
        "phase": verdict.phase,
        "response": verdict.response,
        "baseline": vars(verdict.baseline),
        "current": vars(verdict.current),
        "course": None if before_first is None else _course(verdict, before_first),
        "onset_on": verdict.onset_on,
        "onset_low": verdict.onset_low,
        "onset_high": verdict.onset_high,
        "return": vars(verdict.returned),
        "relief_days": verdict.relief_days,
        "held_days": verdict.held_days,
        "spells": verdict.spells,
        "censored": verdict.censored,
        "forecast": None
        if verdict.forecast is None
        else {**vars(verdict.forecast), "cohort": None if cohort is None else vars(cohort)},
        "medication": vars(verdict.medication),
        "activity": vars(verdict.activity),
        "side_effects": [vars(e) for e in effects],
        "adherence": vars(verdict.adherence),
        "confounders": [vars(c) for c in (*verdict.confounders, *beside)],
        "why": [vars(w) for w in verdict.why],
        "sides": [{"return" if k == "returned" else k: v for k, v in vars(s).items()} for s in verdict.sides],
        "days": vars(verdict.days),
    }
    return json.dumps(body, default=_plain, separators=(",", ":"), allow_nan=False)


def _course(verdict: Verdict, before_first: float) -> dict[str, float | None]:
    return {"baseline_pain": before_first, "relief_percent": relief_of_course(verdict, before_first)}


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return vars(value)
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
