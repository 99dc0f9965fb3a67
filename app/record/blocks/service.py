"""Diagnostic blocks: their rules, and what each shows."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.problems import bad_field
from app.record.blocks.schemas import BlockIn, BlockOut
from app.record.facts import service as facts
from app.record.facts.kinds import Fact, Kind, shown
from app.record.patients.service import Person, check_past
from app.record.procedures.service import PROCEDURE
from app.rules.blocks import BlockShown, compare, shown_by
from app.rules.levels import nerves_of_all, region_of_all, regions_of


async def _check(connection: AsyncConnection, person: Person, *, new: BlockIn, now: datetime) -> None:
    check_past("performed_on", new.performed_on, person=person, now=now)
    if len(regions_of(new.joints)) > 1:
        raise bad_field("/joints", "lie in more than one region; record a block for each")
    if new.procedure_id is None:
        return
    treated = await facts.of_patient(connection, person.clinic_id, patient_id=person.id, kinds=[PROCEDURE])
    for procedure in treated.of(PROCEDURE):
        if procedure.id == new.procedure_id:
            if new.performed_on > procedure.body.performed_on:
                raise bad_field("/performed_on", "lies after the procedure that the block led to")
            return
    raise bad_field("/procedure_id", "is no procedure of this patient")


def shown_by_block(block: BlockIn) -> BlockShown:
    """What a block shows."""
    return shown_by(block.agent, block.pain_before, [(r.minutes, r.pain) for r in block.pain_after])


async def _show(connection: AsyncConnection, blocks: list[Fact[BlockIn]]) -> Sequence[BaseModel]:
    if not blocks:
        return []
    others = (
        await facts.of_patient(connection, blocks[0].clinic_id, patient_id=blocks[0].patient_id, kinds=[BLOCK])
    ).of(BLOCK)
    out = []
    for one in blocks:
        found = shown_by_block(one.body)
        computed = {
            "region": region_of_all(one.body.joints),
            "nerves": one.body.nerves or nerves_of_all(one.body.joints),
            "best_relief_percent": found.best_percent,
            "hours_at_50": found.hours_50,
            "hours_at_80": found.hours_80,
            "concordant": found.concordant,
            "compared": _compared(one, found, others),
        }
        out.append(BlockOut.model_validate({**shown(one), **computed}))
    return out


def _compared(one: Fact[BlockIn], found: BlockShown, others: list[Fact[BlockIn]]) -> list[dict[str, str]]:
    out = []
    for other in others:
        same_site = other.body.side == one.body.side and set(other.body.joints) & set(one.body.joints)
        if other.id != one.id and same_site:
            theirs = shown_by_block(other.body)
            result = compare((one.body.agent, found.hours_80), (other.body.agent, theirs.hours_80))
            if result is not None:
                on = other.body.performed_on.isoformat()
                out.append({"block_id": str(other.id), "performed_on": on, "result": result})
    return out


BLOCK = Kind(
    "block",
    "blocks",
    BlockIn,
    BlockOut,
    "performed_on",
    "change_procedure",
    check=_check,
    show=_show,
    of_the_living=True,
)
