"""A verdict as one flat row: what lists and cohorts read, so that neither has to open a verdict's body."""

from datetime import date
from typing import Any, Literal, cast

import numpy as np

from app.answers.verdicts.record import Around, end_of_watch
from app.answers.verdicts.side_effects import SideEffectCourse
from app.answers.verdicts.triage import PLACE, need_of
from app.record.procedures.service import same_site
from app.relief import Verdict
from app.rules.blocks import shown_by
from app.rules.levels import nerves_of_all, region_of

Ended = Literal["return", "no_relief", "repeat", "surgery", "death", "moved_away", "open", "not_judged"]
SILENT = 60  # days without an entry after which nothing is known of the phase
SPARKS = 40  # points of the little curve in a list


def outcome_of(
    verdict: Verdict, own: dict[str, Any], found: Around, born_on: date, effects: list[SideEffectCourse]
) -> dict[str, Any]:
    """The row of a procedure by one definition, without its keys."""
    performed_on = date.fromisoformat(own["performed_on"])
    scored = [on for on, score in zip(verdict.days.date, verdict.days.average, strict=True) if score is not None]
    same = [c["contact"] for c in found.contacts if str(c["procedure_id"]) == str(own["id"])]
    earlier = [p for p in found.procedures if p["region"] == own["region"] and p["performed_on"] < own["performed_on"]]
    joints = own.get("joints") or []
    row: dict[str, Any] = {
        "as_of": verdict.as_of,
        "engine": verdict.engine,
        "definition": verdict.definition,
        "performed_on": performed_on,
        "region": own["region"],
        "laterality": own["laterality"],
        "technique": own.get("technique"),
        "temperature_c": own.get("temperature_c"),
        "operator": own.get("operator"),
        "joints": " ".join(joints),
        "nerves": ", ".join(own.get("nerves") or nerves_of_all(joints)),
        "repeat": any(same_site(p["laterality"], own["laterality"]) for p in earlier),
        "block_percent": _best_block(own, found),
        "age": _years(born_on, performed_on),
        "phase": verdict.phase,
        "response": verdict.response,
        "relief_percent": verdict.current.relief_percent,
        "onset_on": verdict.onset_on,
        "returned_on": verdict.returned.on,
        "probability": verdict.returned.probability,
        "masked": verdict.medication.masked,
        "mme_change": verdict.medication.change_percent,
        "lasting": any(e["lasting"] and not e["resolved"] for e in effects),
        "ended": (ended := _ended(verdict, own, found)),
        "relief_days": 0 if ended == "no_relief" else verdict.relief_days,
        "logged": verdict.adherence.logged,
        "expected": verdict.adherence.expected,
        "last_logged_on": scored[-1] if scored else None,
        "contacts": " ".join(same),
    }
    need = need_of(row)
    return {**row, "place": PLACE[need.need], "why": need.why, "since_on": need.since}


def _ended(verdict: Verdict, own: dict[str, Any], found: Around) -> Ended:
    """How the watch ended: the first of a return and of what cut it short; `open` while it goes on."""
    if verdict.phase == "no_relief":
        return "no_relief"
    if verdict.relief_days is None:
        return "not_judged"
    if not verdict.censored:
        return "return"
    end = end_of_watch(own, found)
    if end is None or end[0] > verdict.as_of:
        return "open"
    # where the diary fell silent long before, the end of the diary censored it, not what came later
    watched = (end[0] - date.fromisoformat(own["performed_on"])).days - 1
    return cast(Ended, end[1]) if watched - verdict.relief_days <= SILENT else "open"


def _best_block(own: dict[str, Any], found: Around) -> float | None:
    """The best relief of the blocks at the site before the procedure, in percent."""
    best = [
        shown_by(
            b["agent"], b["pain_before"], [(r["minutes"], r["pain"]) for r in b.get("pain_after") or ()]
        ).best_percent
        for b in found.blocks
        if b["performed_on"] <= own["performed_on"]
        and region_of(b["joints"][0]) == own["region"]
        and (b["side"] in (own["laterality"], "both") or own["laterality"] == "bilateral")
    ]
    return max((percent for percent in best if percent is not None), default=None)


def _years(born_on: date, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def sparks(level: list[float | None]) -> list[float | None]:
    """The level in at most 40 means of equal stretches; None where a stretch has none."""
    if not level:
        return []
    values = np.array([np.nan if v is None else v for v in level], dtype=np.float64)
    out = []
    for some in np.array_split(values, min(SPARKS, len(values))):
        known = some[~np.isnan(some)]
        out.append(round(float(known.mean()), 1) if len(known) else None)
    return out
