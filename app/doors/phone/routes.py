"""The phone's app at `/app`: its page and its files, the same for everybody; what is a patient's comes by the API alone."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Response

from app.base.http.conditional import matches
from app.base.http.problems import not_found
from app.doors.phone.assets import PAGE, WORKER, Asset, assets

Told = Annotated[str | None, Header()]
router = APIRouter(prefix="/app", include_in_schema=False)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}


@router.get("")
async def read_page(if_none_match: Told = None, accept_encoding: Told = None) -> Response:
    """The one page of the app."""
    return _answer((await _made())[PAGE], if_none_match, accept_encoding)


@router.get("/{name:path}")
async def read_file(name: str, if_none_match: Told = None, accept_encoding: Told = None) -> Response:
    """A file of the app, or its page for a screen. Its worker may keep the whole app, from above its own address."""
    made = await _made()
    found = made.get(name) if "." in name else made[PAGE]  # each screen has an address of its own
    if found is None or name == PAGE:
        raise not_found("file of the app")
    answer = _answer(found, if_none_match, accept_encoding)
    if name == WORKER:
        answer.headers["Service-Worker-Allowed"] = "/app"
    return answer


async def _made() -> dict[str, Asset]:
    """The files; the first who asks has them made aside."""
    return assets() if assets.cache_info().currsize else await to_thread.run_sync(assets)


def _answer(one: Asset, if_none_match: str | None, accept_encoding: str | None) -> Response:
    headers = {**HEADERS, "ETag": one.tag}
    if one.has_policy:
        headers["Content-Security-Policy"] = POLICY
    if matches(if_none_match, one.tag):
        return Response(status_code=304, headers=headers)
    if "gzip" in (accept_encoding or ""):  # packed once, as tightly as can be
        return Response(one.packed, media_type=one.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(one.content, media_type=one.media_type, headers=headers)
