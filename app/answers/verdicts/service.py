"""Verdicts: made by the engine from what is recorded, and kept while that is unchanged."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, Relation, limit_names, limits, relation_of, within
from app.access.audit import service as audit
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make
from app.answers.verdicts.earlier import first_entry
from app.answers.verdicts.engine_memory import memory
from app.answers.verdicts.keep import keep
from app.answers.verdicts.own_cohort import clinic_relief, cohort_of, learned, same_clinic
from app.answers.verdicts.record import PatientRecord, before_at_place, read_record
from app.answers.verdicts.tables import ClinicRelief, KeptVerdict, OutcomeRow
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.http.conditional import etag, matches
from app.base.http.problems import bad_field, not_found
from app.base.http.wire import STORED
from app.base.store.database import Database
from app.base.store.prepared import Prepared, first_of, prepared_select
from app.base.store.typed import RowQuery, col, table
from app.record.diary import service as diaries
from app.record.facts.kinds import Fact
from app.record.patients.service import patient, today_of
from app.record.patients.tables import Patient
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.relief import Definition, DurationPrior, EngineState
from app.rules.words import Laterality, Region

kept, outcome = table(KeptVerdict), table(OutcomeRow)


@dataclass(frozen=True)
class Question:
    """What is asked about a procedure; no day asks about today in the patient's calendar."""

    as_of: date | None
    as_known_on: datetime | None
    definition: Definition


@dataclass(frozen=True)
class VerdictAnswer:
    """The body as it goes over the wire, and its ETag; no body where the caller has it already."""

    body: str | None
    tag: str


@dataclass(frozen=True)
class JudgedProcedure:
    """A procedure with what of its patient a verdict rests on."""

    clinic_id: UUID
    id: UUID
    patient_id: UUID
    performed_on: date
    region: Region
    laterality: Laterality
    baseline_pain: float | None
    time_zone: str
    record_version: int
    born_on: date
    joints: list[str] | None
    created_at: datetime
    learned: int
    median_days: float | None
    log_sd: float | None
    returns: int | None

    @property
    def cohort(self) -> DurationPrior | None:
        """What the clinic's own outcomes have taught."""
        return cohort_of(self.median_days, self.log_sd, self.returns)


@dataclass(frozen=True)
class JudgedWithKept(JudgedProcedure):
    """The same, with the kept verdict, where there is one, and what that rested on."""

    body: str | None
    as_of: date | None
    engine: str | None
    kept_version: int | None
    kept_learned: int | None


JUDGED = (
    col(ProcedureRow.clinic_id),
    col(ProcedureRow.id),
    col(ProcedureRow.patient_id),
    col(ProcedureRow.performed_on),
    col(ProcedureRow.region),
    col(ProcedureRow.laterality),
    col(ProcedureRow.baseline_pain),
    col(Patient.time_zone),
    col(Patient.record_version),
    col(Patient.born_on),
    col(ProcedureRow.joints),
    col(ProcedureRow.created_at),
    learned(),
    col(ClinicRelief.median_days),
    col(ClinicRelief.log_sd),
    col(ClinicRelief.returns),
)


async def answer(
    database: Database,
    caller: Caller,
    *,
    procedure_id: UUID,
    question: Question,
    if_none_match: str | None,
    now: datetime,
) -> VerdictAnswer:
    """The verdict, kept or made anew; the same question about the same record has the same answer and ETag."""
    relation = relation_of(caller, "read")
    named = {"procedure": procedure_id, "definition": question.definition, **limits(caller, relation)}
    first = await database.read_one(_look_up(relation), named)
    if first is None:
        raise not_found("procedure")
    found = JudgedWithKept(*first)
    today = today_of(found.time_zone, now)
    as_of = question.as_of or today
    if as_of > today:
        raise bad_field("/as_of", "lies in the patient's future", where="query")
    fresh = _still_holds(found, as_of, question) and question.as_known_on is None
    material: VerdictMaterial | None = None
    if not fresh:
        async with database.read(aside=True) as connection:
            # read again: the ETag must name the state that the verdict is made from
            found = await look_up(connection, caller, procedure_id=procedure_id, definition=question.definition)
            if not matches(if_none_match, tag_of(found, as_of, question)):
                material = await material_of(connection, found, as_of=as_of, question=question)
    # the engine computes with no transaction open
    made = None if material is None else (material, await _make(material, question))
    tag = tag_of(found, as_of, question)
    body = None if matches(if_none_match, tag) else found.body if fresh else made[1].body if made else None
    if made is not None and question.as_of is None and question.as_known_on is None:

        async def work(connection: AsyncConnection) -> None:
            await keep(connection, [made], now)
            await audit.record(
                connection, caller, action="read", resource="verdict", patient_id=found.patient_id, now=now
            )

        await database.write(work)
        audit.note("verdict")
    else:
        await audit.record_read(database, caller, resource="verdict", patient_id=found.patient_id, now=now)
    return VerdictAnswer(body, tag)


def heeded(found: JudgedProcedure, question: Question) -> int:
    """How often what a verdict heeds of the clinic's cohort has changed; 0 where it heeds none.

    The cohort is learnt by `half`, and later than what was known on an earlier day.
    """
    return found.learned if question.definition == "half" and question.as_known_on is None else 0


def tag_of(found: JudgedProcedure, as_of: date, question: Question) -> str:
    """The ETag of the verdict of a procedure."""
    return etag(
        found.clinic_id,
        "verdict",
        found.id,
        question.definition,
        as_of,
        question.as_known_on,
        found.record_version,
        heeded(found, question),
        MADE_BY,
    )


async def look_up(
    connection: AsyncConnection, caller: Caller, *, procedure_id: UUID, definition: Definition
) -> JudgedWithKept:
    """A procedure within the caller's reach, with what its verdict's ETag is made from.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    relation = relation_of(caller, "read")
    named = {"procedure": procedure_id, "definition": definition, **limits(caller, relation)}
    found = await first_of(connection, _look_up(relation), named)
    if found is None:
        raise not_found("procedure")
    return JudgedWithKept(*found)


@cache
def _look_up(relation: Relation) -> Prepared[*tuple[Any, ...]]:  # `JudgedWithKept` gives its rows their types
    """The procedure with its patient and the kept verdict, in one query; more columns than the library types."""
    same_procedure = and_(
        col(KeptVerdict.clinic_id) == col(ProcedureRow.clinic_id),
        col(KeptVerdict.procedure_id) == col(ProcedureRow.id),
        col(KeptVerdict.definition) == bindparam("definition"),
    )
    held = (
        col(KeptVerdict.body),
        col(KeptVerdict.as_of),
        col(KeptVerdict.engine),
        col(KeptVerdict.record_version),
        col(KeptVerdict.learned),
    )
    query: RowQuery = (
        select(*JUDGED, *held)
        .select_from(procedure)
        .join(patient, same_patient())
        .outerjoin(clinic_relief, same_clinic())
        .outerjoin(kept, same_procedure)
        .where(
            col(ProcedureRow.id) == bindparam("procedure"),
            within(relation, col(ProcedureRow.clinic_id), col(ProcedureRow.patient_id)),
        )
    )
    return prepared_select(query, "procedure", "definition", *limit_names(relation))


def same_patient() -> ColumnElement[bool]:
    """Ties a procedure to its patient."""
    return and_(col(Patient.clinic_id) == col(ProcedureRow.clinic_id), col(Patient.id) == col(ProcedureRow.patient_id))


def _still_holds(found: JudgedWithKept, as_of: date, question: Question) -> bool:
    made_from = found.engine, found.as_of, found.kept_version, found.kept_learned
    return made_from == (MADE_BY, as_of, found.record_version, heeded(found, question))


def own_of(found: JudgedProcedure, record: PatientRecord) -> Fact[ProcedureIn]:
    """The procedure as it was known; as it stands now where it was not known then."""
    known = record.procedure(found.id)
    if known is not None:
        return known
    body = ProcedureIn.model_validate(
        {
            "performed_on": found.performed_on.isoformat(),
            "region": found.region,
            "laterality": found.laterality,
            "baseline_pain": found.baseline_pain,
            "joints": found.joints or None,
        },
        context=STORED,
    )
    return Fact(found.clinic_id, found.id, found.patient_id, 0, body, body.content(), found.created_at)


async def material_of(
    connection: AsyncConnection, found: JudgedProcedure, *, as_of: date, question: Question
) -> VerdictMaterial:
    """Reads what the verdict of a procedure is made of."""
    record = await read_record(connection, found.clinic_id, patient_id=found.patient_id, known_on=question.as_known_on)
    own = own_of(found, record)
    oldest = [own, *before_at_place(own, record)]
    entries = await diaries.entries(
        connection,
        found.clinic_id,
        found.patient_id,
        first=min(first_entry(one, record) for one in oldest),
        last=as_of,
        known_on=question.as_known_on,
    )
    return VerdictMaterial(
        clinic_id=found.clinic_id,
        patient_id=found.patient_id,
        procedure_id=found.id,
        record_version=found.record_version,
        learned=heeded(found, question),
        cohort=found.cohort if heeded(found, question) else None,
        time_zone=found.time_zone,
        born_on=found.born_on,
        own=own,
        record=record,
        entries=entries,
        as_of=as_of,
        as_known_on=question.as_known_on,
        definition=question.definition,
    )


async def _make(material: VerdictMaterial, question: Question) -> AssembledVerdict:
    def work() -> AssembledVerdict:
        if question.as_of is not None or question.as_known_on is not None:
            return make(material)  # questions about the past are rare and would push out what is held for today
        left = memory.take(material.clinic_id, material.procedure_id) or EngineState()
        made = make(material, left)
        memory.put(material.clinic_id, material.procedure_id, left)
        return made

    return await to_thread.run_sync(work)


def same_verdict() -> ColumnElement[bool]:
    """Ties a kept verdict to its outcome."""
    return and_(
        col(KeptVerdict.clinic_id) == col(OutcomeRow.clinic_id),
        col(KeptVerdict.procedure_id) == col(OutcomeRow.procedure_id),
        col(KeptVerdict.definition) == col(OutcomeRow.definition),
    )
