"""Answers a policy for a proposed day: each rule met, not met, unknown, or left to a person. Pure.

An unknown value never meets a rule. Values are compared unrounded. Where an interval straddles a limit a person must
decide. The evaluator never says "approved": only the payer approves.
"""

from dataclasses import dataclass, field
from datetime import date

from . import checks
from .case import Case
from .checks import RuleFound
from .model import Policy, PolicyRule, Version

OUTSTANDING = ("not_met", "unknown", "needs_a_person")
REGIONS = ("region_covered", "not_covered", "joints_covered")  # the rules that say where a policy holds


@dataclass(frozen=True)
class Evaluation:
    """A policy's answer.

    Args:
        version: the one in force on the proposed day; None where there is none, and then no rule is answered.
        earliest_on: the first day on which every waiting period of this version is over, whether or not the other rules
            are met. The proposed day where no rule waits; None without a version.
        sessions_left: how many sessions the window still has room for on the proposed day; None without such a rule.
        outstanding: names of rules that are not met, unknown or left to a person, unless an alternative branch is met.
    """

    policy: str
    version: str | None
    proposed_on: date
    rules: list[RuleFound] = field(default_factory=list)
    earliest_on: date | None = None
    sessions_left: int | None = None
    outstanding: list[str] = field(default_factory=list)


def evaluate(policy: Policy, case: Case) -> Evaluation:
    """Each rule of the version in force on the proposed day, with what it saw and needs."""
    version = policy.on(case.proposed_on)
    if version is None:
        return Evaluation(policy.name, None, case.proposed_on, outstanding=["version"])
    found = [_CHECKS[rule.name](rule, case) for rule in version.rules]
    if case.region == "sacroiliac" and not any(rule.name in REGIONS for rule in version.rules):
        return _of_facets_alone(policy, version, case=case, found=found)
    left = next((f.left for f in found if f.left is not None), None)
    outstanding = _outstanding(version.rules, found)
    return Evaluation(policy.name, version.version, case.proposed_on, found, _earliest(found, case), left, outstanding)


def _of_facets_alone(policy: Policy, version: Version, *, case: Case, found: list[RuleFound]) -> Evaluation:
    """The answer for the sacroiliac joint of a text about facet joints, which has no rule on regions: a person reads it."""
    silent = checks.not_told_of(case)
    outstanding = [silent.rule, *_outstanding(version.rules, found)]
    left = next((f.left for f in found if f.left is not None), None)
    rules = [silent, *found]
    return Evaluation(policy.name, version.version, case.proposed_on, rules, _earliest(found, case), left, outstanding)


def _outstanding(rules: tuple[PolicyRule, ...], found: list[RuleFound]) -> list[str]:
    """Names of the rules in OUTSTANDING; where all rules of one branch are met, no rule with a branch is named."""
    branches: dict[str, list[RuleFound]] = {}
    for rule, one in zip(rules, found, strict=True):
        if rule.branch is not None:
            branches.setdefault(rule.branch, []).append(one)
    excused = any(all(f.result == "met" for f in some) for some in branches.values())
    return [
        one.rule
        for rule, one in zip(rules, found, strict=True)
        if one.result in OUTSTANDING and not (rule.branch is not None and excused)
    ]


def _earliest(found: list[RuleFound], case: Case) -> date:
    """The latest of the days for which the rules wait; the proposed day where none waits for time."""
    return max((f.earliest_on for f in found if f.earliest_on is not None), default=case.proposed_on)


_CHECKS = {
    "blocks_before": checks.blocks_before,
    "relief_percent": checks.relief_percent,
    "relief_duration": checks.relief_duration,
    "function_gain": checks.function_gain,
    "sessions_in_window": checks.sessions_in_window,
    "minimum_gap": checks.minimum_gap,
    "levels": checks.levels,
    "pain_now": checks.pain_now,
    "region_covered": checks.region_covered,
    "not_covered": checks.not_covered,
    "joints_covered": checks.joints_covered,
    "technique": checks.technique,
    "pain_since": checks.pain_since,
    "conservative_care": checks.conservative_care,
}
