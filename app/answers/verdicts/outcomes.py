"""A verdict as one flat row: what lists and cohorts read, so that neither has to open a verdict's body."""

from datetime import date

import numpy as np

from app.answers.verdicts.course import kinds_of, newest_return, opioid_change, was_worse
from app.answers.verdicts.record import PatientRecord, WatchEnd, end_of_watch, is_newest
from app.answers.verdicts.side_effects import SideEffectCourse
from app.answers.verdicts.sides import sides_apart
from app.record.blocks.service import shown_by_block
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import at_place, performed, repeat_of, staged_with
from app.relief import Verdict
from app.rules.levels import nerves_of_all, region_of_all
from app.rules.outcome import Ended, Outcome
from app.rules.parameters import ENTERED_AT_ONCE, KNOWN_FOR

SPARKS = 40  # points of the sparkline in a list


def outcome_of(
    verdict: Verdict,
    own: Fact[ProcedureIn],
    record: PatientRecord,
    *,
    born_on: date,
    effects: list[SideEffectCourse],
    written: date | None,
    falls: bool,
) -> Outcome:
    """The outcome by one definition; `written` is the last day with a score of the site, `falls` says function does."""
    body = own.body
    treated = [performed(one) for one in record.procedures]
    repeats = any(p.performed_on < body.performed_on for p in at_place(performed(own), treated))
    end, joints = _end_so_far(own, record, verdict.as_of), body.joints or []
    ended = _ended(verdict, own, end)
    return Outcome(
        as_of=verdict.as_of,
        engine=verdict.engine,
        definition=verdict.definition,
        performed_on=body.performed_on,
        region=body.region,
        laterality=body.laterality,
        technique=body.technique,
        temperature_c=body.temperature_c,
        operator=body.operator,
        joints=" ".join(joints),
        nerves=", ".join(body.nerves or nerves_of_all(joints)),
        repeat=repeats,
        repeat_of=repeat_of(performed(own), treated),
        staged_with=staged_with(performed(own), treated),
        block_percent=_best_block(body, record),
        age=_years(born_on, body.performed_on),
        phase=verdict.phase,
        response=verdict.response,
        baseline_pain=verdict.baseline.pain,
        relief_percent=verdict.current.relief_percent,
        onset_on=verdict.onset_on,
        relief_since=_relief_since(verdict),
        returned_on=newest_return(verdict),
        spells=len(verdict.spells),
        probability=verdict.returned.probability,
        masked=verdict.medication.masked,
        opioid_rise="opioid_rise" in kinds_of(verdict),
        mme_change=opioid_change(verdict),
        worse=was_worse(verdict, body.performed_on),
        function_falls=falls,
        lasting=any(e.lasting and not e.resolved for e in effects),
        ended=ended,
        closed=None if end is None else end.why,
        closed_on=None if end is None else end.on,
        newest=is_newest(own, record, verdict.as_of),
        relief_days=0 if ended == "no_relief" else verdict.relief_days,
        held_days=0 if ended == "no_relief" else verdict.held_days,
        entered_days=_entered(verdict, body.performed_on),
        logged=verdict.adherence.logged,
        expected=verdict.adherence.expected,
        last_logged_on=written,
        contacts=" ".join(c.body.contact for c in record.contacts if c.body.procedure_id == own.id),
        sides=sides_apart(verdict, closed=end is not None),
    )


def _end_so_far(own: Fact[ProcedureIn], record: PatientRecord, as_of: date) -> WatchEnd | None:
    end = end_of_watch(own, record)
    return None if end is None or end.on > as_of else end


def _relief_since(verdict: Verdict) -> date | None:
    return next((one.from_on for one in verdict.spells if one.to_on is None), None)


def _ended(verdict: Verdict, own: Fact[ProcedureIn], end: WatchEnd | None) -> Ended:
    """How the watch ended: the first of a return and of what cut it short; `open` while it goes on."""
    if verdict.failed:
        return "no_relief"
    if verdict.relief_days is None:
        return "joined_late" if "joined_late" in kinds_of(verdict) else "not_judged"
    if not verdict.censored:
        return "return"
    if end is None:
        return "open"
    # where the diary fell silent long before, the end of the diary censored it, not what came later
    watched = (end.on - own.body.performed_on).days - 1
    return end.why if watched - verdict.relief_days <= KNOWN_FOR else "open"


def _entered(verdict: Verdict, performed_on: date) -> int:
    if verdict.watched_from is None:
        return 0
    days = (verdict.watched_from - performed_on).days
    return 0 if days <= ENTERED_AT_ONCE else days


def _best_block(own: ProcedureIn, record: PatientRecord) -> float | None:
    """The best relief of the blocks at the site before the procedure, in percent."""
    best = [
        shown_by_block(b).best_percent
        for b in (one.body for one in record.blocks)
        if b.performed_on <= own.performed_on
        and region_of_all(b.joints) == own.region
        and (b.side in (own.laterality, "both") or own.laterality == "bilateral")
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
