"""The files of the pages: styles, modules, and the chart library that comes in a wheel."""

from functools import cache

import vl_convert
from anyio import to_thread
from fastapi import APIRouter, FastAPI, Response
from starlette.staticfiles import StaticFiles

router = APIRouter(prefix="/clinic/assets", include_in_schema=False)
KEEP = {"Cache-Control": "public, max-age=86400"}


@cache
def _bundle() -> bytes:
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode()


@router.get("/vega.js")
async def chart_library() -> Response:
    """Vega, Vega-Lite and their embedding, as one script; made once a process."""
    return Response(await to_thread.run_sync(_bundle), media_type="text/javascript", headers=KEEP)


def mount_static(app: FastAPI) -> None:
    """Serves styles and modules from the package."""
    app.mount("/clinic/assets", StaticFiles(packages=[("app.doors.pages", "static")]), name="clinic-assets")
