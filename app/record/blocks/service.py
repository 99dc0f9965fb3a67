"""Diagnostic blocks: their rules, and what each shows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.problems import bad_field
from app.record.blocks.schemas import BlockIn, BlockOut
from app.record.facts import service as facts
from app.record.facts.kinds import Kind, shown
from app.record.patients.service import check_past
from app.rules.blocks import BlockShown, compare, shown_by
from app.rules.levels import nerves_of_all, region_of


async def _check(connection: AsyncConnection, person: Row[Any], new: BlockIn, now: datetime) -> None:
    check_past("performed_on", new.performed_on, person, now)
    if len({region_of(j) for j in new.joints}) > 1:
        raise bad_field("/joints", "lie in more than one region; record a block for each")
    if new.procedure_id is None:
        return
    for procedure in await facts.of_patient(connection, person.clinic_id, person.id, "procedure"):
        if procedure["id"] == new.procedure_id:
            if new.performed_on.isoformat() > procedure["performed_on"]:
                raise bad_field("/performed_on", "lies after the procedure that the block led to")
            return
    raise bad_field("/procedure_id", "is no procedure of this patient")


def _shown_by(content: dict[str, Any]) -> BlockShown:
    readings = [(r["minutes"], r["pain"]) for r in content["pain_after"]]
    return shown_by(content["agent"], content["pain_before"], readings)


async def _show(connection: AsyncConnection, rows: list[Row[Any]]) -> list[dict[str, Any]]:
    if not rows:
        return []
    others = await facts.of_patient(connection, rows[0].clinic_id, rows[0].patient_id, "block")
    out = []
    for row in rows:
        found = _shown_by(row.content)
        out.append(
            {
                **shown(row),
                "region": region_of(row.content["joints"][0]),
                "nerves": row.content.get("nerves") or nerves_of_all(row.content["joints"]),
                "best_relief_percent": found.best_percent,
                "hours_at_50": found.hours_50,
                "hours_at_80": found.hours_80,
                "concordant": found.concordant,
                "compared": _compared(row, found, others),
            }
        )
    return out


def _compared(row: Row[Any], found: BlockShown, others: list[dict[str, Any]]) -> list[dict[str, str]]:
    out = []
    for other in others:
        same_site = other["side"] == row.content["side"] and set(other["joints"]) & set(row.content["joints"])
        if other["id"] != row.id and same_site:
            mine, its = (row.content["agent"], found.hours_80), (other["agent"], _shown_by(other).hours_80)
            result = compare(mine, its)
            if result is not None:
                out.append({"block_id": str(other["id"]), "performed_on": other["performed_on"], "result": result})
    return out


BLOCK = Kind("block", "blocks", BlockIn, BlockOut, "performed_on", "change_procedure", check=_check, show=_show)
