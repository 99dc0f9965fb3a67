"""A patient's facts around a procedure: other procedures, blocks, events, contacts, questionnaires; and what follows from
them for the verdict.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.record.assessments.schemas import AssessmentIn
from app.record.assessments.service import ASSESSMENT
from app.record.blocks.schemas import BlockIn
from app.record.blocks.service import BLOCK
from app.record.contacts.schemas import ContactIn
from app.record.contacts.service import CONTACT
from app.record.events.schemas import EventIn, WorkUpIn
from app.record.events.service import EVENT, WORK_UP
from app.record.facts import service as facts
from app.record.facts.kinds import AnyKind, Fact
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import (
    PROCEDURE,
    Performed,
    at_place,
    first_stage,
    performed,
    same_place,
    same_side,
    stages,
)
from app.relief import Confounder, EarlierRelief, Procedure, block_days
from app.rules.days import spoken_day
from app.rules.levels import region_of_all, spoken
from app.rules.outcome import End
from app.rules.parameters import settling_days

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
    work_ups: list[Fact[WorkUpIn]] = field(default_factory=list)

    def procedure(self, procedure_id: UUID) -> Fact[ProcedureIn] | None:
        """One of the procedures."""
        return next((one for one in self.procedures if one.id == procedure_id), None)


async def read_record(
    connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, known_on: datetime | None
) -> PatientRecord:
    """A patient's facts beside the diary, in one read."""
    kinds: list[AnyKind] = [PROCEDURE, BLOCK, EVENT, CONTACT, ASSESSMENT, WORK_UP]
    found = await facts.of_patient(connection, clinic_id, patient_id=patient_id, kinds=kinds, known_on=known_on)
    return PatientRecord(
        found.of(PROCEDURE),
        found.of(BLOCK),
        found.of(EVENT),
        found.of(CONTACT),
        found.of(ASSESSMENT),
        found.of(WORK_UP),
    )


@dataclass(frozen=True)
class WatchEnd:
    """What ended the watch of a procedure: its day, why, and when that was recorded."""

    on: date
    why: End
    recorded_at: datetime


def to_procedure(own: Fact[ProcedureIn], record: PatientRecord, earlier: tuple[EarlierRelief, ...] = ()) -> Procedure:
    """The procedure as the engine sees it; `earlier` is what those before it at its place brought.

    A repeat, surgery at the region, death or a move ends its watch; the day of a block of the region and the day after
    never count for its baseline, which lies before the first date of a treatment of its side in several stages.
    """
    of_region = (b.body for b in record.blocks if region_of_all(b.body.joints) == own.body.region)
    end, first = end_of_watch(own, record), first_of_side(own, record)
    staged = first.id != own.id
    return Procedure(
        performed_on=own.body.performed_on,
        laterality=own.body.laterality,
        baseline_pain=first.body.baseline_pain,  # a later one was taken under the relief of the first
        baseline_not=block_days([block.performed_on for block in of_region]),
        treated_from=first.body.performed_on if staged else None,
        watched_until=end.on - timedelta(days=1) if end else None,
        earlier=earlier,
        settles=settling_days(own.body.region),
    )


def before_at_place(own: Fact[ProcedureIn], record: PatientRecord) -> list[Fact[ProcedureIn]]:
    """The procedures on earlier days at a level and side in common, in the order of their days."""
    place = {one.id for one in at_place(performed(own), [performed(one) for one in record.procedures])}
    return [one for one in record.procedures if one.id in place and one.body.performed_on < own.body.performed_on]


def first_of_stages(own: Fact[ProcedureIn], record: PatientRecord) -> Fact[ProcedureIn]:
    """The first date of the treatment that a procedure belongs to."""
    first = first_stage(performed(own), [performed(one) for one in record.procedures])
    return record.procedure(first.id) or own


def first_of_side(own: Fact[ProcedureIn], record: PatientRecord) -> Fact[ProcedureIn]:
    """The first date at the same side of the treatment that a procedure belongs to: its baseline lies before that."""
    theirs = stages(performed(own), [performed(one) for one in record.procedures])
    mine = [p for p in theirs if same_side(p.laterality, own.body.laterality)]
    return (record.procedure(mine[0].id) if mine else None) or own


def both_sides_from(own: Fact[ProcedureIn], record: PatientRecord) -> date | None:
    """The day from which a score for both sides is of neither: that of the other side's stage; None where there is none."""
    if own.body.laterality == "bilateral":
        return None
    others = [p for p in _other_stages(own, record) if not same_side(p.laterality, own.body.laterality)]
    return min((p.performed_on for p in others), default=None)


def end_of_watch(own: Fact[ProcedureIn], record: PatientRecord) -> WatchEnd | None:
    """What first ended the watch of a procedure."""
    ends = [
        WatchEnd(e.body.happened_on, ENDS_THE_WATCH[e.body.kind], e.created_at)
        for e in record.events
        if _ends(e.body, own.body)
    ]
    mine = performed(own)
    ends += [
        WatchEnd(p.body.performed_on, "repeat", p.created_at)
        for p in record.procedures
        if p.id != own.id and same_place(performed(p), mine)
    ]
    after = (end for end in ends if end.on > own.body.performed_on)
    return min(after, key=lambda end: (end.on, end.why), default=None)


def is_followed(own: Fact[ProcedureIn], record: PatientRecord, as_of: date) -> bool:
    """Whether a procedure is watched on a day."""
    end = end_of_watch(own, record)
    return own.body.performed_on <= as_of and (end is None or end.on > as_of)


def is_newest(own: Fact[ProcedureIn], record: PatientRecord, as_of: date) -> bool:
    """Whether a procedure is the newest of the patient's that are watched on a day: what is asked of one is asked of it."""
    watched = [one for one in record.procedures if is_followed(one, record, as_of)]
    return not watched or max(watched, key=lambda one: (one.body.performed_on, one.id)).id == own.id


def confounding_treatments(own: Fact[ProcedureIn], record: PatientRecord, as_of: date) -> list[Confounder]:
    """The other dates of a treatment in several stages, each with what it does to the scores."""
    out = []
    for other in _other_stages(own, record):
        if other.performed_on > as_of:
            continue
        if same_side(other.laterality, own.body.laterality):
            what = f"{spoken(sorted(other.joints or ()))} of the same side"
            does = "one treatment, whose relief can't be told apart"
        else:
            what, does = f"the {other.laterality} side", "scores for both sides together tell of neither"
        out.append(Confounder("staged", f"{what} was treated on {spoken_day(other.performed_on)}: {does}"))
    return out


def _other_stages(own: Fact[ProcedureIn], record: PatientRecord) -> list[Performed]:
    everything = [performed(one) for one in record.procedures]
    return [p for p in stages(performed(own), everything) if p.id != own.id]


def confounding_events(own: Fact[ProcedureIn], record: PatientRecord, as_of: date) -> list[Confounder]:
    """Events since the procedure that may have changed the pain or that ended its watch, each with its day."""
    out = []
    for event in (one.body for one in record.events):
        if own.body.performed_on < event.happened_on <= as_of:
            where = f" ({event.region})" if event.region else ""
            what = "ended the watch" if _ends(event, own.body) else "may have changed the pain"
            out.append(Confounder(event.kind, f"{NAMED[event.kind]}{where} on {spoken_day(event.happened_on)} {what}"))
    return out


def _ends(event: EventIn, own: ProcedureIn) -> bool:
    return event.kind in ENDS_THE_WATCH and (event.kind != "surgery" or event.region in (None, own.region))
