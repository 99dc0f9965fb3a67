"""Every address at which a page is read, found in the application itself so that none can be forgotten."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.doors.pages.rendering import PageRoute


def addresses(app: FastAPI) -> list[str]:
    """The addresses of every page that is read, with their places: `/clinic/patients/{patient_id}/diary`."""
    found = set[str]()
    waiting: list[Any] = list(app.router.routes)
    while waiting:
        one = waiting.pop()
        waiting += getattr(one, "routes", []) or getattr(getattr(one, "original_router", None), "routes", [])
        if isinstance(one, PageRoute) and isinstance(one, APIRoute) and "GET" in (one.methods or ()):
            found.add(one.path if one.path.startswith("/clinic") else "/clinic" + one.path)
    return sorted(found)


def of_which(path: str, among: list[str]) -> str | None:
    """The address with places that a path is of; one without places goes before one with."""
    path = path.partition("?")[0].partition("#")[0]
    fitting = [one for one in among if re.fullmatch(re.sub(r"\{\w+(:\w+)?\}", "[^/]+", one), path)]
    return min(fitting, key=lambda one: one.count("{"), default=None)
