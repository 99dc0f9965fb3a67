"""The first page, and the API's own page; nothing on them comes from another host."""

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.routing import Match
from starlette.staticfiles import StaticFiles

from app.base.http.problems import Problem
from app.base.languages.speaking import speaking
from app.doors.pages import (
    account_page,
    accounts_page,
    appointment_page,
    assets,
    audit_page,
    calendar_page,
    clinic_page,
    cohort_page,
    corrections,
    day_page,
    diary_page,
    documents_page,
    feed_page,
    flags_page,
    forms,
    grid_page,
    join_page,
    machines_page,
    outside_page,
    patient_account_page,
    patient_page,
    patients_page,
    policies_page,
    procedure_page,
    quality_page,
    queue_page,
    reviews_page,
    sign_in,
    sign_on_page,
    slot_page,
    take_page,
    tongue,
    treatments_page,
)
from app.doors.pages.assets import mount_static
from app.doors.pages.rendering import PageRoute, environment
from app.doors.pages.session import VisitorDep, WriterDep
from app.doors.pages.tongue import language_for

router = APIRouter(tags=["pages"])
PARTS = (
    sign_in,
    patients_page,
    forms,
    patient_page,
    treatments_page,
    diary_page,
    documents_page,
    patient_account_page,
    corrections,
    procedure_page,
    cohort_page,
    flags_page,
    queue_page,
    reviews_page,
    calendar_page,
    day_page,
    grid_page,
    appointment_page,
    slot_page,
    quality_page,
    audit_page,
    account_page,
    feed_page,
    accounts_page,
    clinic_page,
    policies_page,
    machines_page,
    join_page,
    sign_on_page,
    outside_page,
    take_page,
    tongue,
    assets,
)
for part in PARTS:
    router.include_router(part.router)
last = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
ASSETS = "/docs-assets"
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCS_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@last.post("/{_rest:path}")
async def no_such_step(_visitor: WriterDep) -> None:
    """A step that no page has, said on a page."""
    raise Problem(404, "There is no such step.")


@last.get("/{_rest:path}")
async def no_such_page(request: Request, _visitor: VisitorDep) -> Response:
    """An address that no page has, said on a page; with a slash too many it is the page.

    One that only takes forms leads to the page with the form: a sign-in that ran out after a fault leads back to where the
    fault was shown, and somebody may load that anew.
    """
    path = request.url.path.rstrip("/")
    if path != request.url.path:
        return RedirectResponse(path, 303)
    if _is_there(request, path, "POST"):
        while path != "/clinic":
            for address in (f"{path}/new", path):
                if _is_there(request, address, "GET"):
                    return RedirectResponse(address, 303)
            path = path.rpartition("/")[0]
    raise Problem(404, "There is no such page.")


def _is_there(request: Request, path: str, method: str) -> bool:
    """Whether a page, or a step of one, has an address."""
    asked = {**request.scope, "path": path, "method": method}
    return any(one.matches(asked)[0] is Match.FULL for one in router.routes)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
async def first_page(request: Request) -> HTMLResponse:
    """The first page, with links to the others."""
    with speaking(language_for(request)):
        page = environment().get_template("first.html").render()
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY, "Vary": "Accept-Language, Cookie"})


@router.get("/docs", response_class=HTMLResponse, include_in_schema=False)
async def api_page() -> HTMLResponse:
    """The API to read and to try, with sign-in."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Reprieve: the API",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"tryItOutEnabled": True, "displayRequestDuration": True},
    )
    page.headers["Content-Security-Policy"] = DOCS_POLICY
    return page


def mount_last(app: FastAPI) -> None:
    """Serves the files of the pages, those of the API's page from the package that carries them, and what is left over."""
    mount_static(app)
    app.include_router(last)
    app.mount(ASSETS, StaticFiles(packages=[("fastapi_swagger", "resources")]), name="docs-assets")
