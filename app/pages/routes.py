"""The first page: what this is, and where to go on."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(tags=["pages"])
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
async def first_page() -> HTMLResponse:
    """Leads a person on."""
    page = (files(__package__) / "first.html").read_text("utf-8")
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})
