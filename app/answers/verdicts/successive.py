"""Successive procedures of a patient side by side: each site's episodes in order, staged ones as one treatment."""

from datetime import date, datetime
from statistics import median
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Row

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.answers.verdicts.engine_input import first_day, to_diary
from app.answers.verdicts.record import Around, around, to_procedure
from app.answers.verdicts.schemas import EpisodeOut, FunctionOut, SiteOut, SuccessiveOut, TreatmentOut
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.record.diary import service as diaries
from app.record.facts import service as facts
from app.record.patients import service as patients
from app.record.procedures import service as procedures
from app.relief import BASELINE_DAYS, Definition, Verdict, judge
from app.rules.medications import Taken, class_changes
from app.rules.questionnaires import is_meaningful, score

FIRST_JUDGED = 42  # days; what is answered earlier is of the settling


async def side_by_side(
    database: Database, caller: Caller, patient_id: UUID, definition: Definition, as_of: date | None, now: datetime
) -> SuccessiveOut:
    """All procedures of a patient, judged as of a day, and how each did beside the first at its site."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id)
        today = patients.today_of(person.time_zone, now)
        if as_of is not None and as_of > today:
            raise bad_field("/as_of", "lies in the patient's future", where="query")
        found = await around(connection, person.clinic_id, person.id, None)
        rows = await procedures.of_patient(connection, person.clinic_id, person.id)
        answered = await facts.of_patient(connection, person.clinic_id, person.id, "assessment")
        query = diaries.entries_of(person.clinic_id, person.id)
        on = query.selected_columns.date
        entries = list((await connection.execute(query.where(on <= (as_of or today)).order_by(on))).all())
    await audit.record_read(database, caller, "relief", patient_id, now)
    rows = [row for row in rows if row.performed_on <= (as_of or today)]
    return await to_thread.run_sync(
        lambda: _put_together(person, rows, found, entries, answered, as_of or today, definition)
    )


def _put_together(
    person: Row[Any],
    rows: list[Row[Any]],
    beside: Around,
    entries: list[Row[Any]],
    answered: list[dict[str, Any]],
    as_of: date,
    definition: Definition,
) -> SuccessiveOut:
    sites: dict[tuple[str, str], list[EpisodeOut]] = {}
    treatments: list[TreatmentOut] = []
    for row in rows:
        own = next(p for p in beside.procedures if p["id"] == row.id)
        subject = to_procedure(own, beside)
        first = first_day(row.performed_on, BASELINE_DAYS)
        until = min(as_of, subject.watched_until or as_of)
        mine = [entry for entry in entries if first <= entry.date <= until]
        diary = to_diary(mine, row.region, row.laterality, person.time_zone)
        verdict = judge(diary, subject, as_of, definition)
        staged, repeat = procedures.staged_with(row, rows), procedures.repeat_of(row, rows)
        site = sites.setdefault((row.region, row.laterality), [])
        site.append(_episode(row, verdict, mine, answered, until, staged, repeat, site))
        before = next((t for t in treatments if staged in t.procedure_ids), None)
        if before is None:
            treatments.append(TreatmentOut(procedure_ids=[row.id], performed_on=[row.performed_on], staged=False))
        else:
            before.procedure_ids.append(row.id)
            before.performed_on.append(row.performed_on)
            before.staged = True
    return SuccessiveOut(
        patient_id=person.id,
        as_of=as_of,
        definition=definition,
        sites=[SiteOut(region=site[0], laterality=site[1], episodes=found) for site, found in sites.items()],
        treatments=treatments,
    )


def _episode(
    row: Row[Any],
    verdict: Verdict,
    mine: list[Row[Any]],
    answered: list[dict[str, Any]],
    until: date,
    staged: UUID | None,
    repeat: UUID | None,
    earlier: list[EpisodeOut],
) -> EpisodeOut:
    held = [
        percent
        for percent, phase in zip(verdict.days.relief_percent, verdict.days.phase, strict=True)
        if percent is not None and phase in ("relief", "returning")
    ]
    return EpisodeOut(
        procedure_id=row.id,
        performed_on=row.performed_on,
        staged_with=staged,
        repeat_of=repeat,
        phase=verdict.phase,
        response=verdict.response,
        relief_percent=round(median(held), 1) if held else None,
        onset_on=verdict.onset_on,
        returned_on=verdict.returned.on if verdict.phase == "returned" else None,
        relief_days=verdict.relief_days,
        censored=verdict.censored,
        baseline_pain=verdict.baseline.pain,
        mme_before=verdict.medication.mme_before,
        mme_now=verdict.medication.mme_now,
        medication=_medication(mine, row.performed_on, until),
        function=_function(answered, row.performed_on, until),
        as_long_as_first=_as_long(verdict, earlier[0]) if earlier else None,
    )


def _as_long(verdict: Verdict, first: EpisodeOut) -> bool | None:
    """Whether relief held as long as after the first; None while that is open, or where one of them is not known."""
    if verdict.phase == "no_relief" and first.relief_days is not None:
        return False
    if verdict.relief_days is None or first.relief_days is None or first.censored:
        return None
    if verdict.relief_days >= first.relief_days:
        return True
    return None if verdict.censored else False


def _medication(mine: list[Row[Any]], performed_on: date, until: date) -> dict[str, str]:
    def taken(row: Row[Any]) -> list[Taken]:
        return [
            Taken(m.get("code"), m.get("dose"), m.get("unit"), m.get("times"), m.get("name"))
            for m in row.content["medications"]
        ]

    said = [row for row in mine if row.content.get("medications") is not None]
    before = [taken(row) for row in said if row.date < performed_on]
    now = [taken(row) for row in said if row.date > performed_on and (until - row.date).days < BASELINE_DAYS]
    return dict(class_changes(before, now))


def _function(answered: list[dict[str, Any]], performed_on: date, until: date) -> list[FunctionOut]:
    """Each questionnaire: the last before the procedure, and the last from the sixth week on within its watch."""
    out = []
    for kind in dict.fromkeys(a["kind"] for a in answered):
        of_kind = [
            (date.fromisoformat(a["answered_on"]), score(kind, a["items"])) for a in answered if a["kind"] == kind
        ]
        before = [value for on, value in of_kind if on <= performed_on]
        after = [value for on, value in of_kind if (on - performed_on).days >= FIRST_JUDGED and on <= until]
        if before or after:
            known = bool(before and after)
            out.append(
                FunctionOut(
                    kind=kind,
                    before=before[-1] if before else None,
                    after=after[-1] if after else None,
                    meaningful=is_meaningful(kind, before[-1], after[-1]) if known else None,
                )
            )
    return out
