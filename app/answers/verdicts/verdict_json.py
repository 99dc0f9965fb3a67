"""A verdict as it goes over the wire."""

import json
from datetime import date, datetime
from typing import Any

from app.answers.verdicts.sentence import sentence
from app.answers.verdicts.side_effects import SideEffectCourse
from app.relief import Verdict


def to_json(
    verdict: Verdict,
    own: dict[str, Any],
    as_known_on: datetime | None,
    effects: list[SideEffectCourse],
    events: list[dict[str, str]],
) -> str:
    """The body of the answer for a procedure as it was recorded; `events` stand among what could mislead."""
    body = {
        "procedure_id": own["id"],
        "as_of": verdict.as_of,
        "as_known_on": as_known_on,
        "engine": verdict.engine,
        "definition": verdict.definition,
        "says": sentence(verdict, own),
        "phase": verdict.phase,
        "response": verdict.response,
        "baseline": vars(verdict.baseline),
        "current": vars(verdict.current),
        "onset_on": verdict.onset_on,
        "return": vars(verdict.returned),
        "relief_days": verdict.relief_days,
        "censored": verdict.censored,
        "forecast": None if verdict.forecast is None else vars(verdict.forecast),
        "medication": vars(verdict.medication),
        "activity": vars(verdict.activity),
        "side_effects": effects,
        "adherence": vars(verdict.adherence),
        "confounders": [vars(c) for c in verdict.confounders] + events,
        "why": [vars(w) for w in verdict.why],
        "sides": [vars(s) for s in verdict.sides],
        "days": vars(verdict.days),
    }
    return json.dumps(body, default=_text, separators=(",", ":"), allow_nan=False)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
