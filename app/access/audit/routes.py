"""Who did what with whose record."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.access.accounts.deps import CallerDep
from app.access.audit import search
from app.access.audit.schemas import AuditAction, AuditEventOut, AuditHeadOut
from app.access.audit.search import AuditQuery
from app.base.http.deps import DatabaseDep, Now
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import problems
from app.base.http.sheets import CSV, Accept, listed
from app.base.http.wire import Moment

router = APIRouter(prefix="/v1", tags=["audit"])


@router.get("/audit", response_model=Page[AuditEventOut], responses={**CSV, **problems(403)})
async def list_audit(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    patient_id: Annotated[UUID | None, Query(description="only of one patient")] = None,
    account_id: Annotated[UUID | None, Query(description="only by one account")] = None,
    action: Annotated[AuditAction | None, Query(description="only what was done so")] = None,
    resource: Annotated[
        str | None, Query(max_length=100, pattern=r"^[\w -]+$", description="only of one kind of thing")
    ] = None,
    first: Annotated[Moment | None, Query(alias="from", description="from this instant on")] = None,
    last: Annotated[Moment | None, Query(alias="to", description="before this instant")] = None,
    by_others: Annotated[bool, Query(description="without what you did yourself")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """Who read or wrote what, the newest first: for an admin in the clinic, for a patient in their own record; as a sheet
    by `Accept: text/csv`."""
    asked = AuditQuery(patient_id, account_id, action, resource, first, last, by_others)
    found, following = await search.search(database, caller, asked, limit=limit, cursor=cursor, now=now)
    return await listed(AuditEventOut, found, following=following, accept=accept)


@router.get("/audit/head", responses=problems(403))
async def read_audit_head(caller: CallerDep, database: DatabaseDep) -> AuditHeadOut:
    """How far the clinic's audit is sealed, for admins: kept elsewhere, it shows whether anything before it was touched."""
    return await search.head(database, caller)
