"""The clinic's quality figures on a page."""

from fastapi import APIRouter, Response

from app.base.http.deps import DatabaseDep, Now
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import VisitorDep
from app.work.quality import service

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


@router.get("/quality")
async def quality_page(visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """Diaries kept by month, alarms and what became of them, time from return to review."""
    return page("quality.html", visitor, found=await service.read(database, visitor.caller, now))
