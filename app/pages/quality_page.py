"""The clinic's quality figures on a page."""

from fastapi import APIRouter, Response

from app.pages.rendering import PageRoute, page
from app.pages.session import VisitorDep
from app.quality import service
from app.store.deps import DatabaseDep, Now

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


@router.get("/quality")
async def quality_page(visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """Diaries kept by month, alarms and what became of them, time from return to review."""
    return page("quality.html", visitor, found=await service.read(database, visitor.caller, now))
