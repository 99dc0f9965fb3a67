"""Cohorts of the caller's clinic."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.accounts.deps import CallerDep
from app.answers.cohorts import service
from app.answers.cohorts.schemas import CohortCurves, CohortOut, CohortRowOut
from app.base.http.deps import DatabaseDep
from app.base.http.paging import Page
from app.base.http.pools import HEAVY
from app.base.http.problems import problems
from app.base.http.sheets import CSV, Accept, line, written
from app.base.http.wire import to_wire

router = APIRouter(prefix="/v1/cohorts", tags=["cohorts"])
POINTS = ("group", "day", "survival", "low", "high", "at_risk")


class RowsQuery(CohortCurves):
    """The filters of a cohort, a page size and a cursor."""

    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000
    cursor: str | None = None


@router.get("/relief", response_model=CohortOut, responses={**CSV, **problems(403)})
async def cohort_relief(
    request: Request,
    asked: Annotated[CohortCurves, Query()],
    caller: CallerDep,
    database: DatabaseDep,
    accept: Accept = "application/json",
) -> Response:
    """Kaplan-Meier curves of relief with 95 % intervals and numbers at risk; as a sheet by `Accept: text/csv`,
    in which groups under five are hidden.

    Procedures without relief (failures) are counted beside the curve or inside it; the literature does both. Ends that
    compete with a return (a repeat, surgery, death) censor the curve and are given by cause in `competing`.
    """
    sheet = "text/csv" in accept
    asked.outside |= sheet  # a CSV file is made to be passed on
    found = await service.curves(database, caller, asked=asked, now=request.app.state.clock)
    return await HEAVY.run(
        partial(_written, found, sheet=sheet), clinic_id=caller.clinic_id
    )  # 200 groups are megabytes


def _written(found: CohortOut, *, sheet: bool) -> Response:
    if not sheet:
        return Response(found.model_dump_json(by_alias=True), media_type="application/json")
    rows = [
        line((group.group, *point))
        for group in found.groups
        for point in zip(group.days, group.survival, group.low, group.high, group.at_risk, strict=True)
    ]
    return Response(line(POINTS) + "".join(rows), media_type="text/csv; charset=utf-8")


@router.get("/procedures", response_model=Page[CohortRowOut], responses={**CSV, **problems(403)})
async def cohort_procedures(
    request: Request,
    asked: Annotated[RowsQuery, Query()],
    caller: CallerDep,
    database: DatabaseDep,
    accept: Accept = "application/json",
) -> Response:
    """The procedures behind a curve, with the same filters; as a sheet by `Accept: text/csv`.

    What leaves the clinic (`outside`, and every sheet) holds only patients who agreed to research.
    """
    asked.outside |= "text/csv" in accept
    rows, following = await service.list_rows(
        database, caller, asked, limit=asked.limit, cursor=asked.cursor, now=request.app.state.clock
    )

    def sheet() -> Response:
        bodies = [to_wire(CohortRowOut, one) for one in rows]
        return written(CohortRowOut, bodies, following=following, accept=accept)

    return await HEAVY.run(sheet, clinic_id=caller.clinic_id)
