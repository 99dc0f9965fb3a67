"""In which language a page is: the one chosen in this browser, else the first of the browser's own that we speak."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.doors.pages.session import inside, is_over_tls, parts_of
from app.rules.language import language_of
from app.rules.words import LANGUAGES, Language

COOKIE = "reprieve_language"
SECONDS = 365 * 86_400
WISH = re.compile(r"\s*(?P<locale>[\w-]{1,35})\s*(?:;\s*[qQ]=(?P<weight>[01](?:\.\d{0,3})?)\s*)?")
TONGUES: dict[Language, str] = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
router = APIRouter(prefix="/clinic/language", include_in_schema=False)


def language_for(request: Request) -> Language:
    """The language of the pages that answer a request."""
    chosen = request.cookies.get(COOKIE)
    return language_of(chosen if chosen in LANGUAGES else None, *_wished(request.headers.get("accept-language", "")))


def _wished(header: str) -> list[str]:
    """The locales of `Accept-Language`, the most wished for first (RFC 9110, 12.5.4); what can't be read is left out."""
    found = [WISH.fullmatch(one) for one in header.split(",")[:20]]
    wished = [(float(one["weight"] or 1), one["locale"]) for one in found if one is not None]
    return [locale for weight, locale in sorted(wished, key=lambda one: -one[0]) if weight > 0]


@router.post("")
async def choose(request: Request, language: Annotated[str, Form()] = "") -> Response:
    """Keeps the choice in the browser and leads back; it needs no account, for the page to sign in has a language, too."""
    came_from = parts_of(request.headers.get("referer", ""))
    answer = RedirectResponse(inside(came_from.path + (f"?{came_from.query}" if came_from.query else "")), 303)
    if language in LANGUAGES:
        secure = is_over_tls(request)
        answer.set_cookie(COOKIE, language, SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
    return answer
