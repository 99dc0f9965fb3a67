"""The work list."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.accounts.deps import CallerDep
from app.conditional import Cursor, Limit
from app.flags import service
from app.flags.schemas import FlagOut
from app.problems import problems
from app.store.deps import DatabaseDep, Now
from app.wire import Page

router = APIRouter(prefix="/v1/flags", tags=["flags"])


@router.get("", responses=problems(403))
async def list_flags(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    patient_id: Annotated[UUID | None, Query(description="of one patient")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[FlagOut]:
    """Open flags, the newest first: red flags of the diary, and notes that mention a danger sign."""
    rows, following = await service.page(database, caller, patient_id, limit, cursor, now)
    return Page(items=[FlagOut.model_validate(row, from_attributes=True) for row in rows], next=following)
