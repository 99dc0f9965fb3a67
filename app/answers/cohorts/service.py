"""Curves of a cohort, and the rows behind them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from time import monotonic
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach, require_staff
from app.access.audit import service as audit
from app.answers.cohorts.merging import CohortCounts, filters_of
from app.answers.cohorts.query import (
    CAUSES,
    NOT_JUDGED,
    Tally,
    conditions,
    counted,
    counted_rows,
    name_of,
    of_several,
    person_rows,
    tallies,
)
from app.answers.cohorts.schemas import (
    CohortCurves,
    CohortOut,
    CohortRowOut,
    CompetingOut,
    GroupBy,
    GroupOut,
    LogRankOut,
)
from app.answers.cohorts.survival import Curve, aalen_johansen, kaplan_meier, log_rank
from app.answers.verdicts.service import outcome
from app.answers.verdicts.sweep import count_stale, sweep
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.http.paging import from_cursor, page, to_cursor
from app.base.http.pools import HEAVY
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.base.store.typed import col, values_of, wholes
from app.relief import Definition, Floats
from app.rules.parameters import SMALLEST_GROUP

MOST_GROUPS = 200  # the test between groups looks at each with every other
MADE_FIRST = 300  # stale verdicts that are made before the answer; more are left to the worker
SECONDS = 5.0  # for which they are made, and waited for: those of long diaries take a second or so each
AT_ONCE = 4
A_PAGE = 2_000  # rows
_at_it: dict[tuple[UUID, Definition], asyncio.Task[None]] = {}  # by clinic: whoever asks meanwhile waits for the same


async def curves(database: Database, caller: Caller, *, asked: CohortCurves, now: Callable[[], datetime]) -> CohortOut:
    """Kaplan-Meier curves by group, with medians, competing ends and the log-rank test; 403 for a patient."""
    require_staff(caller)
    left = await _freshen(database, caller, asked=asked, now=now)
    counts = await count(database, caller.clinic_id, asked, stale=left)
    await audit.record_read(database, caller, resource="cohort", patient_id=None, now=now())
    if len({one.group for one in counts.counts}) > MOST_GROUPS:
        raise bad_field("/group_by", f"makes more than {MOST_GROUPS} groups; filter first", where="query")

    return await HEAVY.run(lambda: curves_of(counts, asked), clinic_id=caller.clinic_id)


async def count(database: Database, clinic_id: UUID, asked: CohortCurves, *, stale: int) -> CohortCounts:
    """The counts of a clinic's cohort, of one state of the data."""
    grouped = asked.group_by is not None
    async with database.read(aside=True) as connection:
        counts = (await connection.execute(counted(clinic_id, asked, asked.group_by))).all()
        several = (await connection.execute(of_several(clinic_id, asked, asked.group_by))).all()
    return CohortCounts.model_construct(
        made_by=MADE_BY,
        group_by=asked.group_by,
        definition=asked.definition,
        outside=asked.outside,
        filters=filters_of(asked),
        stale=stale,
        counts=counted_rows(counts, grouped),
        persons=person_rows(several, grouped),
    )


def curves_of(counts: CohortCounts, asked: CohortCurves) -> CohortOut:
    """The curves of counts, whoever counted them."""
    found = tallies(counts.counts, counts.persons)
    groups = [group_out(tally, asked) for tally in found]
    shown = [t.counts(asked.failures == "inside") for t, g in zip(found, groups, strict=True) if g.n and not g.hidden]
    tested = log_rank(shown) if asked.group_by else None
    named = ("chi_square", "degrees_of_freedom", "p")
    return CohortOut(
        definition=asked.definition,
        failures=asked.failures,
        until=asked.until,
        groups=groups,
        log_rank=LogRankOut.model_validate(dict(zip(named, tested, strict=True))) if tested else None,
        stale=counts.stale,
    )


async def _freshen(database: Database, caller: Caller, *, asked: CohortCurves, now: Callable[[], datetime]) -> int:
    """Waits some seconds while a clinic's stale verdicts are made anew, before they are counted; returns how many are left.

    What is begun by then goes on. It takes no lease: somebody waits for the answer. Where the worker makes the same verdicts
    at the same time, both write the same rows, and each flag's name is taken once.
    """
    which = (caller.clinic_id, asked.definition)

    async def left() -> int:
        async with database.read(aside=True) as connection:
            return await count_stale(connection, now(), clinic_id=caller.clinic_id, definition=asked.definition)

    if not await left():
        return 0
    if which not in _at_it:
        _at_it[which] = asyncio.create_task(_make_stale(database, caller.clinic_id, asked.definition, now=now))
        _at_it[which].add_done_callback(lambda _: _at_it.pop(which))
    done, _ = await asyncio.wait({_at_it[which]}, timeout=SECONDS)
    for task in done:
        task.result()
    return await left()


async def _make_stale(
    database: Database, clinic_id: UUID, definition: Definition, *, now: Callable[[], datetime]
) -> None:
    began = monotonic()
    batches = sweep(database, now, clinic_id=clinic_id, most=MADE_FIRST, at_once=AT_ONCE, definition=definition)
    async with aclosing(batches):
        async for _ in batches:
            if monotonic() - began > SECONDS:
                break


def group_out(tally: Tally, asked: CohortCurves) -> GroupOut:
    """One group's figures; with `asked.outside` those of a group under five procedures are left out."""
    without, judged_out, late = tally.of("no_relief"), tally.of("not_judged"), tally.of("joined_late")
    inside = asked.failures == "inside"
    counts = tally.counts(inside)
    n, events = int((counts.events + counts.censored).sum()), int(counts.events.sum())
    if n == 0 or (asked.outside and n < SMALLEST_GROUP):
        return _without_figures(tally.group, n)
    curve = kaplan_meier(counts, tally.shared_variance(counts, inside))
    medians = {name: kaplan_meier(tally.counts(name == "inside")).median()[0] for name in ("inside", "beside")}
    judged = int(tally.many.sum()) - judged_out - late
    median, low, high = curve.median()
    return GroupOut(
        group=tally.group,
        n=n,
        events=events,
        hidden=False,
        without_relief=without,
        without_relief_share=without / judged if judged else None,
        not_judged=judged_out,
        joined_late=late,
        median_days=median,
        median_low=low,
        median_high=high,
        median_days_inside=medians["inside"],
        median_days_beside=medians["beside"],
        restricted_mean_days=curve.restricted_mean(asked.until),
        days=curve.day.tolist(),
        survival=curve.survival.tolist(),
        low=_known(curve.low),
        high=_known(curve.high),
        at_risk=_whole(curve),
        competing=_competing(tally),
    )


def _without_figures(group: str | None, n: int) -> GroupOut:
    """A group of nobody, or of so few that its figures would tell of persons."""
    return GroupOut(
        group=group,
        n=n,
        events=0,
        hidden=n > 0,
        without_relief=None,
        without_relief_share=None,
        not_judged=None,
        joined_late=None,
        median_days=None,
        median_low=None,
        median_high=None,
        median_days_inside=None,
        median_days_beside=None,
        restricted_mean_days=None,
        competing=None,
        days=[],
        survival=[],
        low=[],
        high=[],
        at_risk=[],
    )


def _competing(tally: Tally) -> CompetingOut:
    counts, causes = tally.competing()
    ended = causes.sum(axis=0) + counts.censored > 0  # a day on which people only joined says nothing
    shares = aalen_johansen(counts.day, causes, counts.censored, entered=counts.entered)[:, ended]
    named: dict[str, list[float]] = dict(zip(CAUSES, (share.tolist() for share in shares), strict=True))
    return CompetingOut(days=counts.day[ended].tolist(), **named)


def _known(values: Floats) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]


def _whole(curve: Curve) -> list[int]:
    return [int(n) for n in curve.at_risk]


async def list_rows(
    database: Database,
    caller: Caller,
    asked: CohortCurves,
    *,
    limit: int,
    cursor: str | None,
    now: Callable[[], datetime],
) -> tuple[list[CohortRowOut], str | None]:
    """A page of a cohort's procedures in the order of their ids, and the cursor of the next page."""
    require_staff(caller)
    await _freshen(database, caller, asked=asked, now=now)
    theirs = reach(caller, "read", clinic_id=col(OutcomeRow.clinic_id), patient_id=col(OutcomeRow.patient_id))
    query = select(outcome).where(*conditions(caller.clinic_id, asked), theirs)
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(col(OutcomeRow.procedure_id) > after)
    async with database.read(aside=True) as connection:
        found = (await connection.execute(query.order_by(col(OutcomeRow.procedure_id)).limit(limit + 1))).all()
    shown = await HEAVY.run(
        lambda: [_row(one, asked.group_by) for one in wholes(OutcomeRow, found)], clinic_id=caller.clinic_id
    )
    rows, following = page(shown, limit, lambda one: to_cursor(one.procedure_id))
    await audit.record_list(database, caller, resource="cohort", patients=[one.patient_id for one in rows], now=now())
    return rows, following


async def rows_in_pages(
    connection: AsyncConnection, clinic_id: UUID, asked: CohortCurves
) -> AsyncGenerator[list[CohortRowOut]]:
    """All of a clinic's procedures in a cohort in the order of their ids, some thousand at a time."""
    after = UUID(int=0)
    query = select(outcome).where(*conditions(clinic_id, asked)).order_by(col(OutcomeRow.procedure_id)).limit(A_PAGE)
    while found := (await connection.execute(query.where(col(OutcomeRow.procedure_id) > after))).all():
        rows = [_row(one, asked.group_by) for one in wholes(OutcomeRow, found)]
        yield rows
        after = rows[-1].procedure_id


def _row(one: OutcomeRow, by: GroupBy | None) -> CohortRowOut:
    counted_in = one.ended not in (*NOT_JUDGED, "no_relief")
    return CohortRowOut.model_validate(
        {
            **values_of(one),
            "group": None if by is None else name_of(one.performed_on.year if by == "year" else getattr(one, by)),
            "relief_days": one.relief_days if counted_in else None,
            "held_days": one.held_days if counted_in else None,
            "censored": one.ended != "return" if counted_in else None,
        }
    )
