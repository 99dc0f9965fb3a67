"""Whose answer another text of a policy would change, asked before it is kept."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from app.access.accounts.permissions import Caller, require
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.choice import of_country, of_payer
from app.answers.eligibility.clinic_policies import known_and_country
from app.answers.verdicts import context
from app.answers.verdicts.context import VerdictContext
from app.answers.verdicts.service import Question
from app.base.http.pools import QUICK
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.record.patients.service import today_of
from app.rules.policies import BadPolicyError, Policy, load_text
from app.work.reviews.queue import queue
from app.work.reviews.schemas import QueueIn
from app.work.reviews.tables import Review

LOOKED_AT = 50  # reviews, the most urgent first: each is judged by both texts


@dataclass(frozen=True)
class ChangedRule:
    """A rule whose result is another: None where a text has no such rule."""

    rule: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ChangedAnswer:
    """An open review whose rules another text answers in another way."""

    review_id: UUID
    patient: str
    proposed_on: date
    rules: list[ChangedRule]


@dataclass(frozen=True)
class PolicyChange:
    """What another text would change, of how many open reviews that it answers for."""

    name: str
    asked: int
    more: bool
    changed: list[ChangedAnswer]


async def changed_by(database: Database, caller: Caller, *, toml: str, now: datetime) -> PolicyChange:
    """Judges the open reviews for which a policy answers, by its text now and by another.

    Raises:
        Problem: 403; 422 with the line at fault.
    """
    require(caller, "change_clinic")
    try:
        new = await QUICK.run(partial(load_text, toml), clinic_id=caller.clinic_id)
    except BadPolicyError as error:
        raise bad_field("/toml", str(error)) from None
    usable, country = await known_and_country(database, caller.clinic_id)
    with_new = {**usable, new.name: new}
    found, more = await queue(database, caller, QueueIn(limit=LOOKED_AT), offset=0, now=now)
    asked, changed = 0, list[ChangedAnswer]()
    for one in (each.review for each in found):
        about = await context.read(
            database, caller, procedure_id=one.procedure_id, question=Question(None, None, "half"), now=now
        )

        def answering(known: dict[str, Policy], one: Review = one, about: VerdictContext = about) -> Policy:
            named = known.get(one.policy) if one.policy is not None else None
            return named or of_payer(about.person.payer, known) or of_country(country, about.own.body.region)

        after = answering(with_new)
        if after.name != new.name:
            continue
        asked += 1
        day = one.proposed_on or today_of(about.person.time_zone, now)
        rules = _compared(one, about, before=answering(usable), after=after, day=day)
        if rules:
            changed.append(ChangedAnswer(one.id, about.person.name, day, rules))
    return PolicyChange(new.name, asked, more, changed)


def _compared(one: Review, about: VerdictContext, *, before: Policy, after: Policy, day: date) -> list[ChangedRule]:
    old, new = (
        {
            rule.rule: rule.result
            for rule in eligibility.answer(
                policy, about, proposed_on=day, laterality=one.laterality, joints=one.joints
            ).rules
        }
        for policy in (before, after)
    )
    names = dict.fromkeys([*old, *new])
    return [ChangedRule(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]
