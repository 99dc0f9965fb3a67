"""Answers a policy for a procedure's repeat."""

from collections.abc import Iterable, Mapping
from datetime import date

from app.answers.eligibility.case import case_of
from app.answers.eligibility.schemas import EligibilityOut, PolicyOut, PolicyVersionOut, RuleResultOut
from app.answers.verdicts.context import VerdictContext
from app.base.http.problems import bad_field
from app.rules.days import spoken_day
from app.rules.policies import Policy, evaluate
from app.rules.words import Laterality


def check_name(name: str, known: Iterable[str]) -> None:
    """Refuses (422) a name that no policy has which a clinic can use."""
    names = list(known)
    if name not in names:
        raise bad_field("/policy", f"is none of {', '.join(names)}")


def find(name: str, known: Mapping[str, Policy]) -> Policy:
    """A policy by its name, among those that a clinic can use.

    Raises:
        Problem: 422 for an unknown name.
    """
    policy = known.get(name)
    if policy is None:
        raise bad_field("/policy", f"is none of {', '.join(known)}", where="query")
    return policy


def answer(
    policy: Policy,
    about: VerdictContext,
    *,
    proposed_on: date,
    laterality: Laterality | None = None,
    joints: list[str] | None = None,
) -> EligibilityOut:
    """Each rule of a policy for a proposed day, side and levels."""
    found = evaluate(policy, case_of(about, proposed_on, laterality=laterality, joints=joints))
    version = policy.on(proposed_on)
    verified = None
    if version is not None and version.verified_on is not None:
        verified = f"{version.verified_by}, {spoken_day(version.verified_on)}"
    return EligibilityOut(
        policy=policy.name,
        title=policy.title,
        version=found.version,
        verified=verified,
        old=version is not None and version.old,
        proposed_on=proposed_on,
        earliest_on=found.earliest_on,
        sessions_left=found.sessions_left,
        outstanding=found.outstanding,
        rules=[RuleResultOut.model_validate(rule, from_attributes=True) for rule in found.rules],
    )


def out(policy: Policy, *, own: bool = False) -> PolicyOut:
    """A policy as it goes over the wire."""
    versions = [
        PolicyVersionOut(
            version=v.version,
            in_force_from=v.in_force_from,
            in_force_to=v.in_force_to,
            verified_on=v.verified_on,
            verified_by=v.verified_by,
            old=v.old,
            rules=[rule.name for rule in v.rules],
        )
        for v in policy.versions
    ]
    return PolicyOut(
        name=policy.name,
        title=policy.title,
        jurisdiction=policy.jurisdiction,
        source=policy.source,
        own=own,
        versions=versions,
    )
