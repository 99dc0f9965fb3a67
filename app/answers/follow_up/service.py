"""Assembles the follow-up of a procedure from a verdict, its context and a policy."""

from datetime import date

from app.answers.eligibility import service as eligibility
from app.answers.eligibility.choice import of_payer
from app.answers.follow_up.milestones import milestones
from app.answers.follow_up.schemas import DECIDES, FollowUpOut, MilestoneOut, SubjectOut, TreatedOut
from app.answers.verdicts.context import VerdictContext
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.rules.levels import codes_of, nerves_of_all
from app.rules.policies import Policy


def follow_up(
    about: VerdictContext, policy: Policy, proposed_on: date | None, *, by_half: VerdictContext
) -> FollowUpOut:
    """One procedure at follow-up; a repeat is proposed for the day of the verdict where no day is given.

    Args:
        by_half: the same by definition `half`, by which the policy is answered.
    """
    verdict, person = about.verdict, about.person
    return FollowUpOut(
        patient=SubjectOut(id=person.id, name=person.name, born_on=person.born_on, mrn=person.mrn),
        procedure=treated(about.own),
        procedure_id=verdict.procedure_id,
        as_of=verdict.as_of,
        engine=verdict.engine,
        definition=verdict.definition,
        says=verdict.says,
        phase=verdict.phase,
        baseline=verdict.baseline,
        current=verdict.current,
        watched_from=verdict.watched_from,
        followed_until=verdict.followed_until,
        closed_by=verdict.closed_by,
        onset_on=verdict.onset_on,
        onset_low=verdict.onset_low,
        onset_high=verdict.onset_high,
        return_=verdict.return_,
        relief_days=verdict.relief_days,
        held_days=verdict.held_days,
        spells=verdict.spells,
        censored=verdict.censored,
        medication=verdict.medication,
        milestones=[MilestoneOut.model_validate(vars(one)) for one in milestones(about)],
        side_effects=verdict.side_effects,
        adherence=verdict.adherence,
        confounders=verdict.confounders,
        why=verdict.why,
        eligibility=eligibility.answer(policy, by_half, proposed_on=proposed_on or about.as_of),
        payer_has_policy=None if person.payer is None else of_payer(person.payer, {policy.name: policy}) is not None,
        decides=DECIDES,
    )


def treated(own: Fact[ProcedureIn]) -> TreatedOut:
    """A procedure as the follow-up names it."""
    body, joints = own.body, own.body.joints or []
    return TreatedOut(
        id=own.id,
        performed_on=body.performed_on,
        region=body.region,
        laterality=body.laterality,
        joints=joints,
        nerves=body.nerves or nerves_of_all(joints),
        technique=body.technique,
        cpt=[
            f"{code.code} x {code.units}"
            for code in codes_of(body.region, joints, body.technique, temperature_c=body.temperature_c)
        ],
    )
