"""One check a rule: what it saw, what it needs, and the result."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from app.rules.blocks import DURATION_HOURS, hours_at, while_acting
from app.rules.days import spoken_day

from .case import Block, Case, Estimate, Session
from .model import PolicyRule
from .months import earliest_after, months_back

Result = Literal["met", "not_met", "unknown", "needs_a_person"]


@dataclass(frozen=True)
class RuleFound:
    """The answer of one rule: `saw` and `needs` in words with numbers; `evidence` names rows, as `kind/id`."""

    rule: str
    result: Result
    saw: str
    needs: str
    evidence: list[str] = field(default_factory=list)
    earliest_on: date | None = None
    left: int | None = None
    branch: str | None = None
    certainty: str = "found"


def _found(
    rule: PolicyRule,
    result: Result,
    *,
    saw: str,
    needs: str,
    evidence: tuple[str, ...] | list[str] = (),
    earliest_on: date | None = None,
    left: int | None = None,
) -> RuleFound:
    return RuleFound(rule.name, result, saw, needs, list(evidence), earliest_on, left, rule.branch, rule.certainty)


def blocks_before(rule: PolicyRule, case: Case) -> RuleFound:
    """Blocks of the side and levels before their first procedure; of the last months where a policy wants recent ones."""
    percent, agents_time = rule.numbers.get("percent"), rule.numbers.get("agents_time", False)
    count, months, needs = rule.numbers["count"], rule.numbers.get("within_months"), _blocks_needed(rule)
    done = case.at_site(same_levels=True)
    until = case.proposed_on if months or not done else done[0].on
    since = months_back(case.proposed_on, months) if months else date.min
    there = [b for b in case.blocks if b.on <= until and _same_place(b, case)]
    mine = [b for b in there if b.on >= since]
    if not mine:
        newest = max((b.on for b in there), default=None)
        if newest is None:
            later = any(_same_place(b, case) for b in case.blocks)
            saw = "no block from before the first procedure on record" if later else "no block on record"
            return _found(rule, "unknown", saw=saw, needs=needs)
        evidence = [f"block/{b.id}" for b in there]
        return _found(
            rule, "not_met", saw=f"too old: the last was on {spoken_day(newest)}", needs=needs, evidence=evidence
        )
    evidence = [f"block/{b.id}" for b in mine]
    if percent is None:
        saw = f"{_count(mine)}; the policy gives no percentage"
        return _found(rule, "needs_a_person", saw=saw, needs=needs, evidence=evidence)
    judged = [_shows(b, percent, agents_time) for b in mine]
    good = [b for b, shown in zip(mine, judged, strict=True) if shown is True]
    open_ = [b for b, shown in zip(mine, judged, strict=True) if shown is None]
    saw = f"{len(good)} of {_count(mine)} shows it" if len(mine) == 1 else f"{len(good)} of {_count(mine)} show it"
    weeks = rule.numbers.get("weeks_apart")
    if rule.numbers.get("different_days") or weeks:
        apart = timedelta(weeks=weeks) if weeks else timedelta(days=1)
        shown, good, open_ = len(good), _apart(good, apart), _apart(open_, apart)
        if len(good) < shown:
            far = f"{len(good)} at least {weeks} weeks apart" if weeks else f"on {len(good)} day{'s' * (len(good) > 1)}"
            saw = f"{saw}, but only {far}"
    if len(good) >= count:
        return _found(rule, "met", saw=saw, needs=needs, evidence=[f"block/{b.id}" for b in good])
    if len(good) + len(open_) >= count:
        saw = f"{saw}; {len(open_)} can't be judged from its readings"
        return _found(rule, "unknown", saw=saw, needs=needs, evidence=evidence)
    return _found(rule, "not_met", saw=saw, needs=needs, evidence=evidence)


def _blocks_needed(rule: PolicyRule) -> str:
    count, percent, weeks = rule.numbers["count"], rule.numbers.get("percent"), rule.numbers.get("weeks_apart")
    needs = f"{count} diagnostic block{'s' if count > 1 else ''}"
    needs += f" with at least {percent:g} % relief" if percent else " judged positive"
    needs += " for the agent's time" if rule.numbers.get("agents_time") else ""
    needs += (
        f" at least {weeks} weeks apart" if weeks else " on different days" * rule.numbers.get("different_days", False)
    )
    months = rule.numbers.get("within_months")
    return needs + (f" within {months} months before" if months else "")


def relief_percent(rule: PolicyRule, case: Case) -> RuleFound:
    """Percent of relief while it held, by the verdict."""
    limit = rule.numbers["percent"]
    needs = f"at least {limit:g} % better pain after the last procedure at the site"
    return _at_least(
        rule,
        case.relief,
        limit=limit,
        needs=needs,
        unit=" %",
        missing="relief of the last procedure at the site is not known",
    )


def relief_duration(rule: PolicyRule, case: Case) -> RuleFound:
    """How long relief held. Where it still holds, `earliest_on` is the day on which it will have held long enough."""
    months, weeks, surely = (rule.numbers.get(k) for k in ("months", "weeks", "surely_weeks"))
    needs = f"relief for at least {months} months" if months else f"relief for at least {weeks} weeks"
    needs += f" ({surely} in another reading)" if surely else ""
    needs += f" ({rule.numbers['better_months']} is better)" if "better_months" in rule.numbers else ""
    lasted = case.lasted
    if lasted is None:
        return _found(rule, "unknown", saw="how long relief held is not known", needs=needs)
    enough = earliest_after(lasted.since, months) if months else lasted.since + timedelta(weeks=weeks or 0)
    certain = lasted.since + timedelta(weeks=surely) if surely else enough
    days = (lasted.until - lasted.since).days
    if lasted.open:
        saw = f"relief for {days} days, to {spoken_day(lasted.until)}, and no end seen"
        if lasted.until >= certain:
            return _found(rule, "met", saw=saw, needs=needs, evidence=lasted.evidence, earliest_on=certain)
        if lasted.until >= enough:
            return _found(rule, "needs_a_person", saw=saw, needs=needs, evidence=lasted.evidence, earliest_on=certain)
        # the proposed day may lie beyond what the diary says so far
        return _found(
            rule,
            "unknown" if case.proposed_on >= certain else "not_met",
            saw=saw,
            needs=needs,
            evidence=lasted.evidence,
            earliest_on=certain,
        )
    low, until, high = map(spoken_day, (lasted.low, lasted.until, lasted.high))
    saw = f"relief for {days} days, to {until} ({low} to {high})"
    if lasted.low >= certain:
        return _found(rule, "met", saw=saw, needs=needs, evidence=lasted.evidence, earliest_on=certain)
    if lasted.high < enough:
        return _found(rule, "not_met", saw=saw, needs=needs, evidence=lasted.evidence)
    return _found(rule, "needs_a_person", saw=saw, needs=needs, evidence=lasted.evidence)


def function_gain(rule: PolicyRule, case: Case) -> RuleFound:
    """Gain of function, on the same scale before and after."""
    limit = rule.numbers["percent"]
    needs = f"at least {limit:g} % better ability in what hurts, on the same scale as before"
    if not case.gains:
        return _found(rule, "unknown", saw="no scale was answered both before and after", needs=needs)
    best = max(case.gains, key=lambda g: (g.scale == "activities", g.percent))
    saw = f"{abs(best.percent):.1f} % {'worse' if best.percent < 0 else 'better'} ({best.scale})"
    result: Result = "met" if best.percent >= limit else "not_met"
    if result == "met" and best.scale != "activities":
        result = "needs_a_person"  # a questionnaire of function is not what the patient named as painful
    return _found(rule, result, saw=saw, needs=needs, evidence=best.evidence)


def sessions_in_window(rule: PolicyRule, case: Case) -> RuleFound:
    """Sessions of the region's group in the rolling months before; each day is one session, a staged pair is two."""
    count, months = rule.numbers["count"], rule.numbers["months"]
    group: list[str] = next((g for g in rule.numbers["groups"] if case.region in g), [])
    if not group:
        return _found(
            rule, "unknown", saw=f"{case.region} is not named", needs=f"at most {count} sessions in {months} months"
        )
    needs = f"at most {count} sessions of {' and '.join(group)} in a rolling {months} months, this one counted"
    per_side = rule.numbers.get("per_side", False)
    needs += ", of the side" if per_side else ""
    counted = [s for s in case.sessions if s.region in group and (not per_side or case.shares_side(s.laterality))]
    start = months_back(case.proposed_on, months)
    mine = [s for s in counted if start < s.on < case.proposed_on]
    days = sorted({s.on for s in mine})
    left = count - len(days)
    saw = f"{len(days)} since {spoken_day(start)}" + (f" ({', '.join(spoken_day(d) for d in days)})" if days else "")
    evidence = [f"procedure/{s.id}" for s in mine]
    before = sorted({s.on for s in counted if s.on < case.proposed_on})
    earliest = earliest_after(before[-count], months) if len(before) >= count else None
    return _found(
        rule,
        "met" if left >= 1 else "not_met",
        saw=saw,
        needs=needs,
        evidence=evidence,
        earliest_on=earliest,
        left=max(0, left),
    )


def minimum_gap(rule: PolicyRule, case: Case) -> RuleFound:
    """Months since the last session of the scope."""
    months, scope = rule.numbers["months"], rule.numbers["scope"]
    needs = f"at least {months} months since the last at the same {scope.replace('_', ' ')}"
    if scope == "region":
        mine = [s for s in case.sessions if s.region == case.region and s.on < case.proposed_on]
    else:
        mine = case.at_site(same_levels=scope == "side_and_level")
    if not mine:
        return _found(rule, "met", saw="none before", needs=needs)
    last = max(mine, key=lambda s: (s.on, s.id))
    if scope == "side_and_level" and _levels_unknown(last, case):
        unsure = earliest_after(last.on, months)
        if case.proposed_on < unsure:
            saw = f"the last was on {spoken_day(last.on)}; its levels or those proposed are not recorded"
            return _found(rule, "unknown", saw=saw, needs=needs, evidence=[f"procedure/{last.id}"], earliest_on=unsure)
    first = earliest_after(last.on, months)
    result: Result = "met" if months_back(case.proposed_on, months) >= last.on else "not_met"
    return _found(
        rule,
        result,
        saw=f"the last was on {spoken_day(last.on)}",
        needs=needs,
        evidence=[f"procedure/{last.id}"],
        earliest_on=first,
    )


def levels(rule: PolicyRule, case: Case) -> RuleFound:
    """Levels of the session; both sides of a level count once."""
    most = rule.numbers["most"]
    needs = f"at most {most} level{'s' if most > 1 else ''} a session"
    if not case.joints:
        return _found(rule, "unknown", saw="the levels proposed are not named", needs=needs)
    n = len(case.joints)
    return _found(rule, "met" if n <= most else "not_met", saw=f"{n} ({', '.join(sorted(case.joints))})", needs=needs)


def pain_now(rule: PolicyRule, case: Case) -> RuleFound:
    """Current pain, by the verdict's level."""
    least = rule.numbers["least"]
    return _at_least(
        rule,
        case.pain_now,
        limit=least,
        needs=f"pain now at least {least:g} of 10",
        unit="",
        missing="the current pain is not known",
    )


def region_covered(rule: PolicyRule, case: Case) -> RuleFound:
    """Whether the policy covers the region at all."""
    covered = rule.numbers["regions"]
    return _found(
        rule,
        "met" if case.region in covered else "not_met",
        saw=case.region,
        needs=f"a region among {', '.join(covered)}",
    )


def not_covered(rule: PolicyRule, case: Case) -> RuleFound:
    """Whether the policy leaves the region out; of the others it says nothing."""
    regions = rule.numbers["regions"]
    needs = f"a region other than {', '.join(regions)}; for those other policies hold"
    return _found(rule, "not_met" if case.region in regions else "needs_a_person", saw=case.region, needs=needs)


def not_told_of(case: Case) -> RuleFound:
    """What a policy about facet joints says of another region: nothing, so that a person must read it."""
    needs = "a policy that speaks of the region; this one is about facet joints"
    return RuleFound("region_covered", "needs_a_person", case.region, needs)


def joints_covered(rule: PolicyRule, case: Case) -> RuleFound:
    """Whether the policy covers each joint proposed."""
    covered = rule.numbers["joints"]
    needs = f"joints among {covered[0]} to {covered[-1]}" if len(covered) > 3 else f"joints among {', '.join(covered)}"
    if not case.joints:
        return _found(rule, "unknown", saw="the levels proposed are not named", needs=needs)
    left_out = sorted(case.joints.difference(covered))
    saw = f"{', '.join(left_out)} not covered" if left_out else ", ".join(sorted(case.joints))
    return _found(rule, "not_met" if left_out else "met", saw=saw, needs=needs)


def technique(rule: PolicyRule, case: Case) -> RuleFound:
    """Whether the policy covers the technique: as it was in the procedure that would be repeated."""
    covered, least = rule.numbers["techniques"], rule.numbers.get("least_c")
    needs = f"{' or '.join(covered)} radiofrequency" + (f" of at least {least:g} °C" if least else "")
    if case.technique is None:
        return _found(rule, "unknown", saw="the technique is not recorded", needs=needs)
    saw = f"{case.technique}, as the last time"
    if case.technique not in covered:
        return _found(rule, "not_met", saw=saw, needs=needs)
    if least is None:
        return _found(rule, "met", saw=saw, needs=needs)
    if case.temperature_c is None:
        return _found(rule, "unknown", saw=f"{saw}; the temperature is not recorded", needs=needs)
    saw = f"{case.technique} at {case.temperature_c:g} °C, as the last time"
    return _found(rule, "met" if case.temperature_c >= least else "not_met", saw=saw, needs=needs)


def pain_since(rule: PolicyRule, case: Case) -> RuleFound:
    """How long there has been pain, by the work-up."""
    months = rule.numbers["months"]
    needs = f"pain for at least {months} months"
    if case.pain_since is None:
        return _found(rule, "unknown", saw="no work-up says since when", needs=needs)
    enough = earliest_after(case.pain_since, months)
    met: Result = "met" if case.proposed_on >= enough else "not_met"
    return _found(rule, met, saw=f"since {spoken_day(case.pain_since)}", needs=needs, earliest_on=enough)


def conservative_care(rule: PolicyRule, case: Case) -> RuleFound:
    """What was tried before without enough relief, by the work-up; whether it was enough is a person's to say."""
    weeks = rule.numbers.get("weeks")
    needs = f"conservative care for at least {weeks} weeks" if weeks else "conservative care that did not help enough"
    if not case.care:
        return _found(rule, "unknown", saw="no work-up says what was tried", needs=needs)
    tried = [f"{what.replace('_', ' ')}{'' if many is None else f' for {many:g} weeks'}" for what, many in case.care]
    long = [many for _, many in case.care if many is not None]
    result: Result = "not_met" if weeks and len(long) == len(case.care) and sum(long) < weeks else "needs_a_person"
    return _found(rule, result, saw=", ".join(tried), needs=needs)


def _at_least(
    rule: PolicyRule, seen: Estimate | None, *, limit: float, needs: str, unit: str, missing: str
) -> RuleFound:
    if seen is None:
        return _found(rule, "unknown", saw=missing, needs=needs)
    result: Result = "met" if seen.value >= limit else "not_met"
    if seen.low < limit <= seen.high:
        result = "needs_a_person"
    saw = f"{_exact(seen.value, limit)}{unit} ({_exact(seen.low, limit)} to {_exact(seen.high, limit)})"
    return _found(rule, result, saw=saw, needs=needs, evidence=seen.evidence)


def _exact(value: float, limit: float) -> str:
    """One decimal, or more where rounding would move the value across the limit."""
    for places in (1, 2, 3, 6):
        text = f"{value:.{places}f}"
        if (float(text) >= limit) == (value >= limit):
            return text
    return repr(value)


def _same_place(block: Block, case: Case) -> bool:
    side = block.side in (case.laterality, "both") or case.laterality == "bilateral"
    return side and (case.joints is None or bool(block.joints & case.joints)) and block.region == case.region


def _shows(block: Block, percent: float, agents_time: bool) -> bool | None:
    """Whether a block helped so much (and so long, where that is asked); None where its readings can't tell."""
    acting = while_acting(block.agent, block.after)
    if block.before <= 0 or not acting:
        return None
    if max(100 * (1 - pain / block.before) for _, pain in acting) < percent:
        return False
    if not agents_time:
        return True
    usual = DURATION_HOURS.get(block.agent)
    if usual is None:
        return None
    if hours_at(block.before, block.after, percent, agent=block.agent) >= usual[0]:
        return True
    return None if 100 * (1 - block.after[-1][1] / block.before) >= percent else False


def _apart(blocks: list[Block], apart: timedelta) -> list[Block]:
    """As many as are at least so far apart, from the first on."""
    out: list[Block] = []
    for one in sorted(blocks, key=lambda b: (b.on, b.id)):
        if not out or one.on - out[-1].on >= apart:
            out.append(one)
    return out


def _count(blocks: list[Block]) -> str:
    return f"{len(blocks)} block{'s' if len(blocks) > 1 else ''} on record"


def _levels_unknown(last: Session, case: Case) -> bool:
    return last.joints is None or case.joints is None
