"""What else is on record around a procedure: other procedures, blocks and events, and what follows for its verdict."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.record.facts import service as facts
from app.record.procedures.service import same_site
from app.relief import Procedure, block_days
from app.rules.levels import region_of

ENDS_THE_WATCH = {"surgery", "death", "moved_away"}
NAMED = {
    "injury": "an injury", "surgery": "surgery", "new_pain": "a new pain", "pregnancy": "a pregnancy",
    "death": "the person's death", "moved_away": "the person's move", "other": "an event"}  # fmt: skip


@dataclass(frozen=True)
class Around:
    """A patient's procedures, blocks, events and follow-up contacts as they were known, each as written with its id."""

    procedures: list[dict[str, Any]]
    blocks: list[dict[str, Any]]
    events: list[dict[str, Any]]
    contacts: list[dict[str, Any]]


async def around(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, known_on: datetime | None) -> Around:
    """What is on record of a patient beside the diary."""
    procedures, blocks, events, contacts = [
        await facts.of_patient(connection, clinic_id, patient_id, kind, known_on)
        for kind in ("procedure", "block", "event", "contact")
    ]
    return Around(procedures, blocks, events, contacts)


def own_of(row: Any, found: Around) -> dict[str, Any]:
    """The procedure as it was known; as it stands now where it was not known then."""
    now = {"id": row.id, "performed_on": row.performed_on.isoformat(), "region": row.region,
           "laterality": row.laterality, "baseline_pain": row.baseline_pain}  # fmt: skip
    return next((p for p in found.procedures if p["id"] == row.id), now)


def to_procedure(own: dict[str, Any], found: Around) -> Procedure:
    """The procedure as the engine sees it.

    A later one at the same site (a repeat), surgery at the region, death or a move ends its watch; the day of a block
    of the region and the day after never count for its baseline.
    """
    performed_on = _day(own["performed_on"])
    blocks = [_day(b["performed_on"]) for b in found.blocks if region_of(b["joints"][0]) == own["region"]]
    end = end_of_watch(own, found)
    return Procedure(
        performed_on=performed_on,
        laterality=own["laterality"],
        baseline_pain=own.get("baseline_pain"),
        baseline_not=block_days(blocks),
        watched_until=end[0] - timedelta(days=1) if end else None,
    )


def end_of_watch(own: dict[str, Any], found: Around) -> tuple[date, str] | None:
    """The day after the procedure on which its watch ended and why: `repeat`, `surgery`, `death` or `moved_away`."""
    ends = [(_day(e["happened_on"]), str(e["kind"])) for e in found.events if _ends(e, own)]
    ends += [
        (_day(p["performed_on"]), "repeat")
        for p in found.procedures
        if p["region"] == own["region"] and same_site(p["laterality"], own["laterality"])
    ]
    return min((end for end in ends if end[0] > _day(own["performed_on"])), default=None)


def confounders(own: dict[str, Any], found: Around, as_of: date) -> list[dict[str, str]]:
    """The events since the procedure that could mislead, or that ended its watch, each with its day."""
    out = []
    for event in found.events:
        on = event["happened_on"]
        if own["performed_on"] < on <= as_of.isoformat():
            where = f" ({event['region']})" if event.get("region") else ""
            what = "ended the watch" if _ends(event, own) else "may have changed the pain"
            out.append({"kind": event["kind"], "says": f"{NAMED[event['kind']]}{where} on {on} {what}"})
    return out


def _ends(event: dict[str, Any], own: dict[str, Any]) -> bool:
    same_region = event.get("region") in (None, own["region"])
    return event["kind"] in ENDS_THE_WATCH and (event["kind"] != "surgery" or same_region)


def _day(text: str) -> date:
    return date.fromisoformat(text)
