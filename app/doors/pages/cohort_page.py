"""The cohort page: the same questions of many procedures at once."""

from typing import Annotated
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from app.answers.cohorts.chart import curves_in_words, curves_spec, name_of_group
from app.answers.cohorts.schemas import CohortCurves
from app.answers.cohorts.service import curves
from app.answers.pictures.render import to_svg
from app.answers.pictures.routes import SAFE
from app.answers.pictures.style import Fit, Theme
from app.base.http.deps import DatabaseDep
from app.base.http.problems import Problem, field_problems
from app.base.http.sheets import line
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import VisitorDep

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
CHOICES: dict[str, tuple[str, str]] = {
    "group_by": ("Groups", "region laterality technique operator repeat joints nerves year"),
    "region": ("Region", "cervical thoracic lumbar sacroiliac"),
    "laterality": ("Side", "left right bilateral"),
    "technique": ("Technique", "thermal cooled pulsed"),
    "repeat": ("First or repeat", "false true"),
    "failures": ("Without relief", "beside inside"),
    "definition": ("Definition", "half eighty full"),
}
NAMES = {
    "operator": "by whom",
    "false": "first",
    "true": "repeat",
    "beside": "beside the curve",
    "inside": "inside, ended on day 0",
}
TICKS = (0, 60, 120, 180, 270, 365, 545, 730)


def _asked(request: Request) -> tuple[CohortCurves, dict[str, str]]:
    """The filters in the address; an empty one is none."""
    given = {k: v for k, v in request.query_params.items() if v and k not in ("theme", "fit")}
    try:
        return CohortCurves.model_validate(given, strict=False), given
    except ValidationError as error:
        found = field_problems(error.errors(include_input=False, include_url=False), "query")
        raise Problem(422, "The address has a filter that is none.", errors=found) from None


@router.get("/cohort")
async def cohort_page(request: Request, visitor: VisitorDep, database: DatabaseDep) -> Response:
    """Filters, the curve, and its figures."""
    asked, given = _asked(request)
    found = await curves(database, visitor.caller, asked=asked, now=request.app.state.clock)
    rows: list[dict[str, object]] = []
    for group in found.groups:
        at = dict(zip(group.days, group.at_risk, strict=True))
        last = group.days[-1] if group.days else 0
        risk = ["" if t > last else max((n for day, n in at.items() if day >= t), default=0) for t in TICKS]
        rows.append({**group.model_dump(), "name": name_of_group(group.group, asked.group_by), "risk": risk})
    return page(
        "cohort.html",
        visitor,
        found=found,
        rows=rows,
        ticks=TICKS,
        choices=CHOICES,
        names=NAMES,
        given=given,
        query=urlencode(given),
        words=curves_in_words(found, asked.group_by),
    )


@router.get("/cohort.csv")
async def cohort_sheet(request: Request, visitor: VisitorDep, database: DatabaseDep) -> Response:
    """The curves as a sheet: a row for each day of each group."""
    asked, _ = _asked(request)
    found = await curves(database, visitor.caller, asked=asked, now=request.app.state.clock)
    rows = [line(("group", "day", "still_followed", "still_in_relief", "low_95", "high_95"))]
    for g in found.groups:
        points = zip(g.days, g.at_risk, g.survival, g.low, g.high, strict=True)
        rows += [line((g.group or "all", *point)) for point in points]
    headers = {"Content-Disposition": 'attachment; filename="cohort.csv"', "Cache-Control": "private, no-store"}
    return Response("".join(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/cohort.svg")
async def cohort_picture(
    request: Request,
    visitor: VisitorDep,
    database: DatabaseDep,
    *,
    theme: Annotated[Theme, Query()] = "light",
    fit: Annotated[Fit, Query()] = "wide",
) -> Response:
    """The curve as a drawing, in the language that is spoken."""
    asked, _ = _asked(request)
    found = await curves(database, visitor.caller, asked=asked, now=request.app.state.clock)
    spec, words = curves_spec(found, theme, by=asked.group_by, fit=fit), curves_in_words(found, asked.group_by)
    svg = await to_thread.run_sync(lambda: to_svg(spec, words))
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": "private, no-cache", **SAFE})
