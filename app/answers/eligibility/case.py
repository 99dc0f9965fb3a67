"""Turns a verdict and the record beside it into the policy evaluator's input: numbers, days, and the rows behind them."""

from datetime import date, timedelta
from statistics import median

from app.answers.verdicts.context import VerdictContext
from app.record.blocks.schemas import BlockIn
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.rules.levels import region_of_all
from app.rules.parameters import QUESTIONNAIRE_FROM
from app.rules.policies import Block, Case, Estimate, FunctionGain, ReliefHeld, Session
from app.rules.questionnaires import score
from app.rules.words import Laterality

HELD = ("relief", "returning")


def case_of(
    about: VerdictContext, proposed_on: date, *, laterality: Laterality | None = None, joints: list[str] | None = None
) -> Case:
    """The case of a proposed repeat; side and levels are those of the procedure where no others are proposed.

    Args:
        about: the verdict by definition `half`, with what stands beside it in the record.
    """
    own = about.own.body
    levels = joints if joints is not None else own.joints
    work_ups = [one.body for one in about.record.work_ups]
    return Case(
        proposed_on=proposed_on,
        region=own.region,
        laterality=laterality or own.laterality,
        joints=frozenset(levels) if levels else None,
        sessions=tuple(_session(p) for p in about.record.procedures),
        blocks=tuple(_block(b) for b in about.record.blocks),
        relief=_relief(about),
        lasted=_lasted(about),
        gains=tuple(_gains(about)),
        pain_now=_pain_now(about),
        technique=own.technique,
        temperature_c=own.temperature_c,
        pain_since=min((w.pain_since for w in work_ups if w.pain_since is not None), default=None),
        care=tuple((c.what, c.weeks) for w in work_ups for c in w.conservative_care or ()) or None,
    )


def _session(one: Fact[ProcedureIn]) -> Session:
    body = one.body
    levels = frozenset(body.joints) if body.joints else None
    return Session(str(one.id), body.performed_on, body.region, body.laterality, levels)


def _block(one: Fact[BlockIn]) -> Block:
    body = one.body
    return Block(
        str(one.id),
        body.performed_on,
        body.side,
        region_of_all(body.joints),
        frozenset(body.joints),
        body.agent,
        body.pain_before,
        tuple((r.minutes, r.pain) for r in body.pain_after),
    )


def _source(about: VerdictContext) -> tuple[str, ...]:
    return (f"procedure/{about.own.id}/relief",)


def _relief(about: VerdictContext) -> Estimate | None:
    """The middle of the days on which relief held; where it never did, the relief of now."""
    verdict, pain = about.verdict, about.verdict.baseline.pain
    if not pain:
        return None
    days = verdict.days
    rows = [
        (level, low, high)
        for level, low, high, phase in zip(days.level, days.low, days.high, days.phase, strict=True)
        if level is not None and low is not None and high is not None and phase in HELD
    ]
    if not rows:
        now = verdict.current
        if verdict.phase != "no_relief" or now.level is None or now.low is None or now.high is None:
            return None
        rows = [(now.level, now.low, now.high)]
    level, low, high = (median(row[i] for row in rows) for i in range(3))
    value, least, most = (100 * (1 - points / pain) for points in (level, high, low))
    return Estimate(value, least, most, _source(about))


def _lasted(about: VerdictContext) -> ReliefHeld | None:
    verdict, since, source = about.verdict, about.performed_on, _source(about)
    found, days = verdict.return_, verdict.relief_days
    if days is None and not verdict.censored:
        return ReliefHeld(since, since, since, since, False, source)
    begun = verdict.onset_on or verdict.watched_from  # payers count from the onset, or from what is known
    if days is None or begun is None:
        return None
    if not verdict.censored and found.on and found.low and found.high:
        return ReliefHeld(begun, found.on, max(found.low, begun), max(found.high, begun), False, source)
    until = since + timedelta(days=days)
    if found.low is not None:  # a return is likely but not called: relief held at least until then
        until = max(begun, min(until, found.low))
    return ReliefHeld(begun, until, until, until, True, source)


def _gains(about: VerdictContext) -> list[FunctionGain]:
    """Each scale answered before the procedure and, from the sixth week on, while relief held; the last of each."""
    until, start = about.verdict.return_.low or about.until, about.performed_on
    answered = [one for one in about.record.assessments if one.body.kind != "pgic"]
    out = []
    for kind in dict.fromkeys(one.body.kind for one in answered):
        mine = [(one.body.answered_on, one) for one in answered if one.body.kind == kind]
        before = [one for on, one in mine if on <= start]
        after = [one for on, one in mine if (on - start).days >= QUESTIONNAIRE_FROM and on <= until]
        if before and after:
            was, now = (score(kind, some[-1].body.items) for some in (before, after))
            if was > 0:
                evidence = tuple(f"assessment/{some[-1].id}" for some in (before, after))
                out.append(FunctionGain(100 * (was - now) / was, kind, evidence))
    return out


def _pain_now(about: VerdictContext) -> Estimate | None:
    now = about.verdict.current
    if now.level is None or now.low is None or now.high is None or about.verdict.phase == "unknown":
        return None
    return Estimate(now.level, now.low, now.high, _source(about))
