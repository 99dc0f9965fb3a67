"""Curves of a cohort, and the rows behind them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import numpy as np
from anyio import to_thread
from sqlalchemy import func, select

from app.access.accounts.permissions import Caller, relation_of
from app.access.audit import service as audit
from app.answers.cohorts.query import CAUSES, Tally, conditions, counted, group_column, name_of, tallies
from app.answers.cohorts.schemas import CohortCurves, CohortOut, CompetingOut, GroupBy, GroupOut, LogRankOut
from app.answers.cohorts.survival import Curve, aalen_johansen, kaplan_meier, log_rank
from app.answers.verdicts.service import outcome
from app.answers.verdicts.sweep import stale, sweep
from app.base.http.conditional import from_cursor, to_cursor
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.relief import Floats

SMALLEST = 5  # a smaller group could point at a person
AT_ONCE = 300  # stale verdicts that are made before the answer; more are left to `reprieve sweep`


def may_see(caller: Caller) -> None:
    """A cohort is the clinic's: 403 for a patient."""
    if relation_of(caller, "read") != "clinic":
        raise Problem(403, f"A {caller.role} may not do this.")


async def curves(database: Database, caller: Caller, asked: CohortCurves, now: Callable[[], datetime]) -> CohortOut:
    """Kaplan-Meier by group, with what stands beside it."""
    may_see(caller)
    left = await _freshen(database, caller, asked, now)
    async with database.read() as connection:
        rows = (await connection.execute(counted(caller.clinic_id, asked, asked.group_by))).all()
    await audit.record_read(database, caller, "cohort", None, now())

    def work() -> CohortOut:
        found = tallies(rows, asked.group_by is not None)
        groups = [group_out(tally, asked) for tally in found]
        shown = [
            t.counts(asked.failures == "inside") for t, g in zip(found, groups, strict=True) if g.n and not g.hidden
        ]
        tested = log_rank(shown) if asked.group_by else None
        named = ("chi_square", "degrees_of_freedom", "p")
        return CohortOut(
            definition=asked.definition,
            failures=asked.failures,
            until=asked.until,
            groups=groups,
            log_rank=LogRankOut.model_validate(dict(zip(named, tested, strict=True))) if tested else None,
            stale=left,
        )

    return await to_thread.run_sync(work)


async def _freshen(database: Database, caller: Caller, asked: CohortCurves, now: Callable[[], datetime]) -> int:
    """Makes a clinic's stale verdicts before they are counted; answers how many are left."""
    query = stale(now(), caller.clinic_id, asked.definition).order_by(None)
    async with database.read() as connection:
        waiting = (await connection.execute(select(func.count()).select_from(query.subquery()))).scalar_one()
    done = 0
    if waiting:
        async for swept in sweep(database, now, clinic_id=caller.clinic_id, most=AT_ONCE, definition=asked.definition):
            done = swept.done
    return max(0, int(waiting) - done)


def group_out(tally: Tally, asked: CohortCurves) -> GroupOut:
    """One group's figures; where they leave the clinic, those of under five procedures stay."""
    without, judged_out = tally.of("no_relief"), tally.of("not_judged")
    counts = tally.counts(asked.failures == "inside")
    n, events = int((counts.events + counts.censored).sum()), int(counts.events.sum())
    nothing: dict[str, Any] = dict.fromkeys(
        ("without_relief", "without_relief_share", "not_judged", "median_days", "median_low", "median_high",
         "median_days_inside", "median_days_beside", "restricted_mean_days", "competing"))  # fmt: skip
    if n == 0 or (asked.outside and n < SMALLEST):
        empty: dict[str, Any] = {name: [] for name in ("days", "survival", "low", "high", "at_risk")}
        return GroupOut(group=tally.group, n=n, events=0, hidden=n > 0, **nothing, **empty)
    curve = kaplan_meier(counts)
    medians = {name: kaplan_meier(tally.counts(name == "inside")).median()[0] for name in ("inside", "beside")}
    judged = int(tally.many.sum()) - judged_out
    median, low, high = curve.median()
    return GroupOut(
        group=tally.group, n=n, events=events, hidden=False, without_relief=without,
        without_relief_share=without / judged if judged else None, not_judged=judged_out,
        median_days=median, median_low=low, median_high=high, median_days_inside=medians["inside"],
        median_days_beside=medians["beside"], restricted_mean_days=curve.restricted_mean(asked.until),
        days=curve.day.tolist(), survival=curve.survival.tolist(), low=_known(curve.low), high=_known(curve.high),
        at_risk=_whole(curve), competing=_competing(tally))  # fmt: skip


def _competing(tally: Tally) -> CompetingOut:
    day, causes, censored = tally.competing()
    shares = aalen_johansen(day, causes, censored)
    named: dict[str, Any] = dict(zip(CAUSES, (share.tolist() for share in shares), strict=True))
    return CompetingOut(days=day.tolist(), **named)


def _known(values: Floats) -> list[float | None]:
    return [None if np.isnan(v) else float(v) for v in values]


def _whole(curve: Curve) -> list[int]:
    return [int(n) for n in curve.at_risk]


async def rows(
    database: Database, caller: Caller, asked: CohortCurves, limit: int, cursor: str | None, now: Callable[[], datetime]
) -> tuple[list[dict[str, Any]], str | None]:
    """The procedures of a cohort in the order of their ids, and the cursor of the rest."""
    may_see(caller)
    await _freshen(database, caller, asked, now)
    query = select(outcome).where(*conditions(caller.clinic_id, asked))
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(outcome.c.procedure_id > after)
    async with database.read() as connection:
        found = list((await connection.execute(query.order_by(outcome.c.procedure_id).limit(limit + 1))).all())
    await audit.record_read(database, caller, "cohort", None, now())
    following = to_cursor(found[limit - 1].procedure_id) if len(found) > limit else None
    return [_row(row._asdict(), asked.group_by) for row in found[:limit]], following


def _row(row: dict[str, Any], by: GroupBy | None) -> dict[str, Any]:
    group = None
    if by is not None and group_column(by) is not None:
        group = name_of(row["performed_on"].year if by == "year" else row[by])
    counted_in = row["ended"] not in ("not_judged", "no_relief")
    return {
        **row,
        "procedure_id": cast(UUID, row["procedure_id"]),
        "group": group,
        "relief_days": row["relief_days"] if counted_in else None,
        "censored": row["ended"] != "return" if counted_in else None,
    }
