"""CSV that a spreadsheet program will neither run as a formula nor misread."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Annotated

from fastapi import Header
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel

from app.base.http.problems import Responses
from app.base.http.wire import JsonObject, to_wire
from app.base.store.long_results import by_turns

RISKY = ("=", "+", "-", "@", "\t", "\r")
Accept = Annotated[str, Header(description="application/json or text/csv")]
CSV: Responses = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


def safe(text: str | None) -> str | None:
    """Text that a spreadsheet will not run as a formula."""
    return "'" + text if text and text.startswith(RISKY) else text


def line(cells: Iterable[object]) -> str:
    """One line of CSV (RFC 4180); None is an empty cell, a list or an object is JSON."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_cell(c) for c in cells])
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return safe(value) if isinstance(value, str) else value


async def listed(model: type[BaseModel], rows: Iterable[object], *, following: str | None, accept: str) -> Response:
    """A page of a list in the form of its model, some rows at a time, so that other calls have their turn.

    Args:
        rows: models, or anything that has their fields as keys or as attributes.
    """
    bodies = [to_wire(model, row) async for row in by_turns(rows)]
    return written(model, bodies, following=following, accept=accept)


def written(model: type[BaseModel], bodies: list[JsonObject], *, following: str | None, accept: str) -> Response:
    """A page of a list as JSON or, where `Accept` asks for it, as CSV, a line a row.

    CSV has the cursor of the rest in the header `Next-Cursor`.

    Args:
        bodies: the rows as they go over the wire.
    """
    if "text/csv" not in accept:
        return JSONResponse({"items": bodies, "next": following})
    columns = list(model.model_fields)

    def lines() -> Iterator[str]:
        yield line(columns)
        for body in bodies:
            yield line(body.get(column) for column in columns)

    headers = {"Next-Cursor": following} if following else None
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)
