"""Puts the follow-up together from a verdict, its background and a policy."""

from datetime import date
from typing import Any

from app.answers.eligibility import service as eligibility
from app.answers.follow_up.milestones import milestones
from app.answers.follow_up.schemas import DECIDES, FollowUpOut
from app.answers.verdicts.context import Background
from app.rules.levels import codes_of, nerves_of_all
from app.rules.policies import Policy

SAME = ("procedure_id", "as_of", "engine", "definition", "says", "phase", "baseline", "current", "onset_on", "return",
        "relief_days", "censored", "medication", "side_effects", "adherence", "confounders", "why")  # fmt: skip


def follow_up(about: Background, policy: Policy, proposed_on: date | None) -> FollowUpOut:
    """One procedure at follow-up; a repeat is proposed for the day of the question where no day is given."""
    found = eligibility.answer(policy, about, proposed_on or about.as_of)
    return FollowUpOut.model_validate(
        {
            **{name: about.verdict[name] for name in SAME},
            "patient": {"id": about.person.id, "name": about.person.name, "born_on": about.person.born_on},
            "procedure": treated(about.own),
            "milestones": [vars(one) for one in milestones(about)],
            "eligibility": found,
            "decides": DECIDES,
        }
    )


def treated(own: dict[str, Any]) -> dict[str, Any]:
    """A procedure as the follow-up names it."""
    joints = own.get("joints") or []
    codes = codes_of(own["region"], joints, own.get("technique"))
    return {
        "id": own["id"],
        "performed_on": own["performed_on"],
        "region": own["region"],
        "laterality": own["laterality"],
        "joints": joints,
        "nerves": own.get("nerves") or nerves_of_all(joints),
        "technique": own.get("technique"),
        "cpt": [f"{code.code} x {code.units}" for code in codes],
    }
