"""A patient's facts around a procedure: other procedures, blocks, events, contacts, questionnaires; and what follows from
them for the verdict.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.record.assessments.schemas import AssessmentIn
from app.record.assessments.service import ASSESSMENT
from app.record.blocks.schemas import BlockIn
from app.record.blocks.service import BLOCK
from app.record.contacts.schemas import ContactIn
from app.record.contacts.service import CONTACT
from app.record.events.schemas import EventIn
from app.record.events.service import EVENT
from app.record.facts import service as facts
from app.record.facts.kinds import AnyKind, Fact
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import PROCEDURE, at_site, performed, same_site
from app.relief import Confounder, EarlierRelief, Procedure, block_days
from app.rules.levels import region_of

End = Literal["repeat", "surgery", "death", "moved_away"]
ENDS_THE_WATCH: dict[str, End] = {"surgery": "surgery", "death": "death", "moved_away": "moved_away"}
NAMED = {
    "injury": "an injury",
    "surgery": "surgery",
    "new_pain": "a new pain",
    "pregnancy": "a pregnancy",
    "death": "the person's death",
    "moved_away": "the person's move",
    "other": "an event",
}


@dataclass(frozen=True)
class PatientRecord:
    """A patient's facts beside the diary, as they stand or were known at an instant, in the order of their days."""

    procedures: list[Fact[ProcedureIn]]
    blocks: list[Fact[BlockIn]]
    events: list[Fact[EventIn]]
    contacts: list[Fact[ContactIn]]
    assessments: list[Fact[AssessmentIn]]

    def procedure(self, procedure_id: UUID) -> Fact[ProcedureIn] | None:
        """One of the procedures."""
        return next((one for one in self.procedures if one.id == procedure_id), None)


async def read_record(
    connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, known_on: datetime | None
) -> PatientRecord:
    """A patient's facts beside the diary, in one read."""
    kinds: list[AnyKind] = [PROCEDURE, BLOCK, EVENT, CONTACT, ASSESSMENT]
    found = await facts.of_patient(connection, clinic_id, patient_id=patient_id, kinds=kinds, known_on=known_on)
    return PatientRecord(found.of(PROCEDURE), found.of(BLOCK), found.of(EVENT), found.of(CONTACT), found.of(ASSESSMENT))


def to_procedure(own: Fact[ProcedureIn], record: PatientRecord, earlier: tuple[EarlierRelief, ...] = ()) -> Procedure:
    """The procedure as the engine sees it; `earlier` is what those before it at the site brought.

    A later one at the same site (a repeat), surgery at the region, death or a move ends its watch; the day of a block
    of the region and the day after never count for its baseline.
    """
    of_region = (b.body for b in record.blocks if region_of(b.body.joints[0]) == own.body.region)
    end = end_of_watch(own, record)
    return Procedure(
        performed_on=own.body.performed_on,
        laterality=own.body.laterality,
        baseline_pain=own.body.baseline_pain,
        baseline_not=block_days([block.performed_on for block in of_region]),
        watched_until=end[0] - timedelta(days=1) if end else None,
        earlier=earlier,
    )


def before_at_site(own: Fact[ProcedureIn], record: PatientRecord) -> list[Fact[ProcedureIn]]:
    """The procedures on earlier days at the same region and side, in the order of their days."""
    site = {one.id for one in at_site(performed(own), [performed(one) for one in record.procedures])}
    return [one for one in record.procedures if one.id in site and one.body.performed_on < own.body.performed_on]


def end_of_watch(own: Fact[ProcedureIn], record: PatientRecord) -> tuple[date, End] | None:
    """The first day after the procedure on which its watch ended, and why."""
    ends: list[tuple[date, End]] = [
        (e.body.happened_on, ENDS_THE_WATCH[e.body.kind]) for e in record.events if _ends(e.body, own.body)
    ]
    ends += [
        (p.body.performed_on, "repeat")
        for p in record.procedures
        if p.body.region == own.body.region and same_site(p.body.laterality, own.body.laterality)
    ]
    return min((end for end in ends if end[0] > own.body.performed_on), default=None)


def confounding_events(own: Fact[ProcedureIn], record: PatientRecord, as_of: date) -> list[Confounder]:
    """Events since the procedure that may have changed the pain or that ended its watch, each with its day."""
    out = []
    for event in (one.body for one in record.events):
        if own.body.performed_on < event.happened_on <= as_of:
            where = f" ({event.region})" if event.region else ""
            what = "ended the watch" if _ends(event, own.body) else "may have changed the pain"
            out.append(Confounder(event.kind, f"{NAMED[event.kind]}{where} on {event.happened_on} {what}"))
    return out


def _ends(event: EventIn, own: ProcedureIn) -> bool:
    return event.kind in ENDS_THE_WATCH and (event.kind != "surgery" or event.region in (None, own.region))
