"""What this version would say otherwise: each kept verdict beside one made anew of the same record, as of the same day.

Nothing is written to the database and no claim is taken, so that it may run beside the service whose verdicts it reads.
"""

from collections.abc import AsyncGenerator, Collection, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from math import isclose
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.conditions import conditions
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial
from app.answers.verdicts.claims import DEFINITION, same_procedure
from app.answers.verdicts.own_cohort import clinic_relief, same_clinic
from app.answers.verdicts.service import (
    JUDGED,
    JudgedProcedure,
    Question,
    heeded,
    kept,
    material_of,
    outcome,
    same_patient,
    same_verdict,
)
from app.answers.verdicts.sweep import BATCH, judged
from app.answers.verdicts.tables import KeptVerdict, OutcomeRow
from app.answers.verdicts.triage import need_of
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, values_of
from app.record.patients.service import patient
from app.record.procedures.service import procedure
from app.relief import Definition
from app.rules.outcome import Outcome
from app.rules.words import DEFINITIONS

How = Literal["same", "changed", "moved_on", "failed"]
NOT_SAID = frozenset({"as_of", "engine", "definition"})  # equal by what is compared, or the question itself


class VerdictPlace(NamedTuple):
    """Where a rehearsal stands: verdicts are gone through in this order."""

    definition: Definition
    clinic_id: UUID
    procedure_id: UUID


@dataclass(frozen=True)
class Rehearsed:
    """One kept verdict beside its new one; `changed` holds both values of each name that differs.

    Args:
        changed: names of `Outcome`, and `need` (its place in the list), `flags` (of the default definition), `says`.
        how: `moved_on` where the record or the cohort is no longer the one that the kept verdict was made from, so that a
            difference would not be the engine's; `failed` where this version can't judge the record.
    """

    place: VerdictPlace
    how: How
    changed: dict[str, tuple[object, object]]


@dataclass(frozen=True)
class KeptOutcome:
    """A kept outcome with its sentence, and the procedure that it is of."""

    row: OutcomeRow
    says: str | None
    found: JudgedProcedure

    @property
    def place(self) -> VerdictPlace:
        """Where it stands among all."""
        return VerdictPlace(self.row.definition, self.row.clinic_id, self.row.procedure_id)

    @property
    def is_as_recorded(self) -> bool:
        """Whether the record and what is heeded of the cohort are still those that it was made from."""
        question = Question(None, None, self.row.definition)
        return (self.row.record_version, self.row.learned) == (
            self.found.record_version,
            heeded(self.found, question),
        )


async def rehearse(
    database: Database,
    executor: Executor | None = None,
    *,
    clinics: Collection[UUID] = (),
    after: VerdictPlace | None = None,
) -> AsyncGenerator[list[Rehearsed]]:
    """Goes through the kept verdicts of these clinics, or of all, in batches, from behind a place on.

    Args:
        executor: where the engine runs; one thread of this process where none is given.
    """
    for definition in DEFINITIONS[0 if after is None else DEFINITIONS.index(after.definition) :]:
        place = after if after is not None and after.definition == definition else None
        while True:
            async with database.read(aside=True) as connection:
                held = await _kept(connection, definition, clinics=clinics, after=place)
                materials = {one.place: await _material(connection, one) for one in held if one.is_as_recorded}
            if not held:
                break
            made = dict(zip(materials, await judged(list(materials.values()), executor), strict=True))
            yield [_beside(one, made.get(one.place)) for one in held]
            place = held[-1].place


async def _kept(
    connection: AsyncConnection, definition: Definition, *, clinics: Collection[UUID], after: VerdictPlace | None
) -> list[KeptOutcome]:
    """The next kept outcomes of a definition."""
    place = col(OutcomeRow.clinic_id), col(OutcomeRow.procedure_id)
    query: RowQuery = (
        select(*JUDGED, col(KeptVerdict.says), *outcome.c)
        .select_from(outcome)
        .join(procedure, same_procedure(definition))
        .join(patient, same_patient())
        .outerjoin(clinic_relief, same_clinic())
        .outerjoin(kept, same_verdict())
        .where(col(OutcomeRow.definition) == definition)
    )
    if clinics:
        query = query.where(col(OutcomeRow.clinic_id).in_(clinics))
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(after.clinic_id, after.procedure_id))
    rows = (await connection.execute(query.order_by(*place).limit(BATCH))).all()
    many = len(JUDGED)
    names = [column.name for column in outcome.c]
    return [
        KeptOutcome(
            OutcomeRow(**dict(zip(names, one[many + 1 :], strict=True))), one[many], JudgedProcedure(*one[:many])
        )
        for one in rows
    ]


async def _material(connection: AsyncConnection, one: KeptOutcome) -> VerdictMaterial:
    question = Question(one.row.as_of, None, one.row.definition)
    return await material_of(connection, one.found, as_of=one.row.as_of, question=question)


def _beside(one: KeptOutcome, made: AssembledVerdict | Exception | None) -> Rehearsed:
    if made is None:
        return Rehearsed(one.place, "moved_on", {})
    if isinstance(made, Exception):
        return Rehearsed(one.place, "failed", {"error": (None, type(made).__name__)})
    changed = dict(differences(one, made))
    return Rehearsed(one.place, "changed" if changed else "same", changed)


def differences(one: KeptOutcome, made: AssembledVerdict) -> Iterator[tuple[str, tuple[object, object]]]:
    """The names of what differs by more than rounding, with the kept value and the new one."""
    values = values_of(one.row)
    before = Outcome(**{each.name: values[each.name] for each in fields(Outcome)})  # type: ignore[arg-type]  # by name, the row has the same types
    for name in (each.name for each in fields(Outcome) if each.name not in NOT_SAID):
        was, now = getattr(before, name), getattr(made.outcome, name)
        if was != now and not (isinstance(was, float) and isinstance(now, float) and isclose(was, now)):
            yield name, (was, now)
    if (asked := need_of(before).need) != (asks := need_of(made.outcome).need):
        yield "need", (asked, asks)
    if one.row.definition == DEFINITION and (had := flags_of(before)) != (has := flags_of(made.outcome)):
        yield "flags", (had, has)
    if one.says is not None and one.says != made.says:
        yield "says", (one.says, made.says)


def flags_of(outcome: Outcome) -> str:
    """The kinds of the flags that an outcome calls for, in order, separated by spaces."""
    return " ".join(sorted({one.kind for one in conditions(outcome, None, [])}))
