"""Which policy answers: the one that is asked for, else the payer's, else the clinic's by its country and the region."""

from collections.abc import Mapping

from app.answers.eligibility.clinic_policies import known_and_country
from app.answers.eligibility.schemas import DEFAULT
from app.answers.eligibility.service import find
from app.answers.verdicts.context import VerdictContext
from app.base.store.database import Database
from app.rules.policies import Policy, policies
from app.rules.words import Region


async def policy_for(database: Database, about: VerdictContext, asked: str | None) -> Policy:
    """The policy that answers for a repeat of a procedure.

    Raises:
        Problem: 422 where the one that is asked for is none that the clinic can use.
    """
    return (await policies_for(database, about, asked))[0]


async def policies_for(
    database: Database, about: VerdictContext, asked: str | None
) -> tuple[Policy, dict[str, Policy]]:
    """The policy that answers for a repeat of a procedure, and every one that the clinic can use, by name."""
    usable, country = await known_and_country(database, about.person.clinic_id)
    if asked is not None:
        return find(asked, usable), usable
    return of_payer(about.person.payer, usable) or of_country(country, about.own.body.region), usable


def of_payer(payer: str | None, usable: Mapping[str, Policy]) -> Policy | None:
    """The policy that bears the payer's name, however it is written; None where there is none."""
    if payer is None:
        return None
    name = payer.strip().lower().replace(" ", "-")
    return usable.get(name) or usable.get(payer.strip())


def of_country(country: str | None, region: Region) -> Policy:
    """The policy that is usual in a country (ISO 3166-1) for a region; the service's own default where none is known."""
    usual = [one for one in policies().values() if country is not None and country in one.usual_in]
    for_it = [one for one in usual if region in one.usual_for] or [one for one in usual if not one.usual_for]
    return for_it[0] if for_it else policies()[DEFAULT]
