"""One entry a day, addressed by its date."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from app.access.accounts.deps import CallerDep
from app.base.http.conditional import NOT_MODIFIED, AsKnownOn, IfMatch, IfNoneMatch, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import NO_CURSOR, Page
from app.base.http.problems import bad_field, problems
from app.base.http.wire import FIRST_DAY, Day, JsonObject, RecentDay
from app.record.diary import service, sheet
from app.record.diary.entry_json import entry_json
from app.record.diary.schemas import BatchOut, EntryIn, EntryOut, EntryRevisionOut
from app.record.diary.service import DayEntry

BATCH_LIMIT = 4 * 1024 * 1024  # bytes: a thousand long entries
BATCH: JsonObject = {  # read by the service itself, aside
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BatchIn"}}},
}
router = APIRouter(prefix="/v1/patients/{patient_id}/diary", tags=["diary"])


@router.put(
    "/{date}",
    response_model=EntryOut,
    responses={201: {"model": EntryOut, "description": "The day had no entry"}, **problems(403, 404, 412, 413)},
)
async def put_entry(
    patient_id: UUID,
    date: RecentDay,
    entry: EntryIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    if_match: IfMatch = None,
) -> Response:
    """Records the entry of a day; sending it twice changes nothing. `advice`: what to do now, and whom to call."""
    done = await service.put(database, caller, patient_id=patient_id, on=date, entry=entry, if_match=if_match, now=now)
    current = done.outcome.current
    return JSONResponse(
        entry_json(date, current, zone=done.zone, advice=done.advice),
        201 if done.outcome.status == "created" else 200,
        headers={"ETag": service.entry_tag(caller.clinic_id, patient_id, date, number=current.revision)},
    )


@router.get("/{date}", response_model=EntryOut, responses={**NOT_MODIFIED, **problems(403, 404)})
async def read_entry(
    patient_id: UUID, date: Day, caller: CallerDep, database: DatabaseDep, now: Now, if_none_match: IfNoneMatch = None
) -> Response:
    """The current entry of a day."""
    text, number = await service.read_day(database, caller, patient_id=patient_id, on=date, now=now)
    tag = service.entry_tag(caller.clinic_id, patient_id, date, number=number)
    if matches(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(text, media_type="application/json", headers={"ETag": tag})


@router.delete("/{date}", status_code=204, responses=problems(403, 404, 412))
async def delete_entry(
    patient_id: UUID, date: Day, caller: CallerDep, database: DatabaseDep, now: Now, if_match: IfMatch = None
) -> None:
    """Deletes the entry of a day; its revisions stay."""
    await service.delete(database, caller, patient_id=patient_id, on=date, if_match=if_match, now=now)


@router.get("/{date}/revisions", responses=problems(403, 404))
async def read_revisions(
    patient_id: UUID, date: Day, caller: CallerDep, database: DatabaseDep, now: Now
) -> Page[EntryRevisionOut]:
    """Everything that was ever written about the day, in the order in which it was received."""
    rows, proxies = await service.read_revisions(database, caller, patient_id=patient_id, on=date, now=now)
    newest = max(rows, key=lambda r: (r.ranks_at, r.revision))
    return Page(
        items=[
            EntryRevisionOut(
                revision=r.revision,
                current=r is newest,
                deleted=r.content is None,
                recorded_at=r.recorded_at,
                received_at=r.received_at,
                account_id=None if r.account_id is None else str(r.account_id),
                by_proxy=r.account_id in proxies,
                opioid_mme=r.opioid_mme,
                skew_seconds=r.skew_seconds,
                entry=cast("JsonObject | None", r.content),
            )
            for r in rows
        ]
    )


@router.post(
    "",
    response_model=BatchOut,
    responses=problems(403, 404, 409, 413),
    max_body_size=BATCH_LIMIT,
    openapi_extra={"requestBody": BATCH},
)
async def put_entries(
    request: Request, patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> BatchOut:
    """Records up to 1 000 entries; each is `created`, `changed`, `unchanged`, `superseded` or `rejected` on its own."""
    raw = await request.body()
    return await service.put_many(database, caller, patient_id=patient_id, raw=raw, once=once, now=now)


@router.get(
    "",
    response_model=Page[EntryOut],
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **problems(403, 404)},
)
async def read_entries(
    patient_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    first: Annotated[Day, Query(alias="from", description="first day")] = FIRST_DAY,
    to: Annotated[Day | None, Query(description="last day; the newest where left out")] = None,
    as_known_on: AsKnownOn = None,
    limit: Annotated[int, Query(ge=1, le=4_000, description="at most so many days")] = service.USUAL,
    cursor: Annotated[str | None, Query(max_length=10, description="`next` of the page before")] = None,
    accept: Annotated[str, Header(description="application/json or text/csv")] = "application/json",
) -> Response:
    """A range of days in their order, as JSON or, by `Accept: text/csv`, as a sheet with one row per site."""
    if cursor is not None:
        try:
            first = max(first, date.fromisoformat(cursor))
        except ValueError:
            raise bad_field("/cursor", NO_CURSOR, where="query") from None
    as_sheet = "text/csv" in accept
    if as_known_on is None and not as_sheet:
        texts, rest = await service.read_shown(
            database, caller, patient_id=patient_id, first=first, last=to or date.max, limit=limit, now=now
        )
        following = "null" if rest is None else f'"{rest}"'
        return Response(f'{{"items":[{",".join(texts)}],"next":{following}}}', media_type="application/json")
    most = 100_000 if as_sheet else limit
    rows, zone = await service.read_range(
        database,
        caller,
        patient_id=patient_id,
        first=first,
        last=to or date.max,
        limit=most,
        as_known_on=as_known_on,
        now=now,
    )
    if as_sheet:
        return StreamingResponse(_lines(rows), media_type="text/csv; charset=utf-8")
    beyond = rows[limit].date.isoformat() if len(rows) > limit else None
    return JSONResponse({"items": [entry_json(r.date, r, zone=zone) for r in rows[:limit]], "next": beyond})


def _lines(rows: list[DayEntry]) -> Iterator[str]:
    yield sheet.heading()
    for row in rows:
        yield sheet.lines(row.date, row.content, opioid_mme=row.opioid_mme, recorded_at=row.recorded_at)
