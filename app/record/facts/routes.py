"""The calls that every kind of fact has: record, list, read, change, delete, and its history."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.conditional import NOT_MODIFIED, IfMatch, IfNoneMatch, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Limit, Page
from app.base.http.problems import problems
from app.base.http.sheets import CSV, Accept, listed
from app.base.http.wire import FIRST_DAY, Day, Line, to_wire
from app.record.facts import service
from app.record.facts.kinds import AnyKind, FactIn
from app.record.revisions.schemas import RevisionOut

LongCursor = Annotated[str | None, Query(max_length=100, description="`next` of the page before")]


def fact_router(kind: AnyKind, what: str) -> APIRouter:
    """A router with the calls of a kind; `what` names it in the OpenAPI document."""
    router = APIRouter(prefix="/v1", tags=[kind.plural])
    _of_patient(router, kind, what)
    _of_row(router, kind, what)
    return router


def _of_patient(router: APIRouter, kind: AnyKind, what: str) -> None:
    address = f"/patients/{{patient_id}}/{kind.plural}"

    async def create(
        patient_id: UUID, new: FactIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
    ) -> Response:
        answer = await service.create(database, caller, kind=kind, patient_id=patient_id, new=new, once=once, now=now)
        return JSONResponse(answer.body, answer.status, headers=answer.headers)

    async def read_list(
        patient_id: UUID,
        caller: CallerDep,
        database: DatabaseDep,
        now: Now,
        first: Annotated[Day, Query(alias="from", description="first day")] = FIRST_DAY,
        to: Annotated[Day | None, Query(description="last day")] = None,
        limit: Limit = 50,
        cursor: LongCursor = None,
        order: Annotated[Literal["asc", "desc"], Query(description="by the day, oldest or newest first")] = "asc",
        accept: Accept = "application/json",
    ) -> Response:
        between, newest_first = (first, to or date.max), order == "desc"
        rows, following = await service.list_facts(
            database,
            caller,
            kind=kind,
            patient_id=patient_id,
            limit=limit,
            cursor=cursor,
            between=between,
            newest_first=newest_first,
            now=now,
        )
        return await listed(kind.out, rows, following=following, accept=accept)

    create.__annotations__["new"] = kind.body
    made = {201: {"model": kind.out, "description": "Recorded"}, **problems(403, 404, 409, 413)}
    router.add_api_route(
        address,
        create,
        methods=["POST"],
        status_code=201,
        response_model=kind.out,
        responses=made,
        name=f"create_{kind.name}",
        summary=f"Record {what}",
        description=f"Records {what}.",
    )
    router.add_api_route(
        address,
        read_list,
        methods=["GET"],
        response_model=Page[kind.out],  # type: ignore[name-defined]  # made at run time
        responses={**CSV, **problems(403, 404)},
        name=f"list_{kind.plural}",
        summary=f"List a patient's {kind.plural}",
        description=f"A patient's {kind.plural.replace('_', ' ')} in the order of their days; as a sheet by "
        "`Accept: text/csv`.",
    )


def _of_row(router: APIRouter, kind: AnyKind, what: str) -> None:
    address, row_id = f"/{kind.plural}/{{{kind.name}_id}}", Annotated[UUID, Path(alias=f"{kind.name}_id")]
    _read(router, kind, what=what, address=address, row_id=row_id)
    _change(router, kind, what=what, address=address, row_id=row_id)
    _delete(router, kind, what=what, address=address, row_id=row_id)


def _read(router: APIRouter, kind: AnyKind, *, what: str, address: str, row_id: object) -> None:
    async def read(
        fact_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, if_none_match: IfNoneMatch = None
    ) -> Response:
        body, tag = await service.read(database, caller, kind=kind, fact_id=fact_id, now=now)
        if matches(if_none_match, tag):
            return Response(status_code=304, headers={"ETag": tag})
        return JSONResponse(to_wire(kind.out, body), headers={"ETag": tag})

    async def history(fact_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[RevisionOut]:
        return Page(items=await service.history(database, caller, kind=kind, fact_id=fact_id, now=now))

    read.__annotations__["fact_id"] = history.__annotations__["fact_id"] = row_id
    router.add_api_route(
        address,
        read,
        methods=["GET"],
        response_model=kind.out,
        responses={**NOT_MODIFIED, **problems(403, 404)},
        name=f"read_{kind.name}",
        summary=f"Read {what}",
        description=f"Reads {what}, with an ETag.",
    )
    router.add_api_route(
        f"{address}/history",
        history,
        methods=["GET"],
        responses=problems(403, 404),
        name=f"history_of_{kind.name}",
        summary=f"History of {what}",
        description="Every revision of the row in order: who, when, why.",
    )


def _change(router: APIRouter, kind: AnyKind, *, what: str, address: str, row_id: object) -> None:
    async def change(
        fact_id: UUID, changes: FactIn, caller: CallerDep, database: DatabaseDep, now: Now, if_match: IfMatch = None
    ) -> Response:
        body, tag = await service.change(
            database, caller, kind=kind, fact_id=fact_id, changes=changes, if_match=if_match, now=now
        )
        return JSONResponse(to_wire(kind.out, body), headers={"ETag": tag})

    change.__annotations__ |= {"fact_id": row_id, "changes": kind.change}
    router.add_api_route(
        address,
        change,
        methods=["PATCH"],
        response_model=kind.out,
        responses=problems(403, 404, 412, 413),
        name=f"change_{kind.name}",
        summary=f"Change {what}",
        description="Changes what is given; with `If-Match`, only if nobody else has changed the row since. "
        "What it said before stays in its history.",
    )


def _delete(router: APIRouter, kind: AnyKind, *, what: str, address: str, row_id: object) -> None:
    async def remove(
        fact_id: UUID,
        caller: CallerDep,
        database: DatabaseDep,
        now: Now,
        reason: Annotated[Line | None, Query(description="why")] = None,
        if_match: IfMatch = None,
    ) -> None:
        await service.remove(database, caller, kind=kind, fact_id=fact_id, if_match=if_match, reason=reason, now=now)

    remove.__annotations__["fact_id"] = row_id
    router.add_api_route(
        address,
        remove,
        methods=["DELETE"],
        status_code=204,
        responses=problems(403, 404, 412),
        name=f"delete_{kind.name}",
        summary=f"Delete {what}",
        description="Deletes it; its revisions stay.",
    )
