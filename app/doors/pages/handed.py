"""A code that is handed over: as text, and as a picture that a phone reads; what it leads to takes it from the address."""

from datetime import datetime

import segno
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from app.doors.pages.rendering import page
from app.doors.pages.session import Visitor


def handed_page(
    visitor: Visitor, *, title: str, path: str | None, code: str, expires_at: datetime, public_url: str, back: str
) -> HTMLResponse:
    """The page that shows a code, this once. In the address it stands after the `#`, which no server is sent.

    Args:
        path: the page that takes it; None where it is typed elsewhere.
    """
    link = None if path is None else f"{public_url.rstrip('/')}{path}{code}"
    picture = segno.make(link or code, error="m").svg_inline(scale=4, border=2, light="#fff")
    return page(
        "handed.html",
        visitor,
        title=title,
        code=code,
        link=link,
        picture=Markup(picture),  # noqa: S704  # drawn here, of black and white squares
        expires_at=expires_at,
        back=back,
    )
