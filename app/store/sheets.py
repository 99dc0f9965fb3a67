"""Sheets that a spreadsheet program will neither run nor misread."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import BaseModel

RISKY = ("=", "+", "-", "@", "\t", "\r")


def safe(text: str | None) -> str | None:
    """Text that a spreadsheet will not run as a formula."""
    return "'" + text if text and text.startswith(RISKY) else text


def line(cells: Iterable[Any]) -> str:
    """One line of CSV (RFC 4180); None is an empty cell, a list or an object is JSON."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_cell(c) for c in cells])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return safe(value) if isinstance(value, str) else value


def as_sheet(model: type[BaseModel], bodies: list[dict[str, Any]], following: str | None) -> StreamingResponse:
    """A list as CSV, a line a row, in the columns of its wire form; the header `Next-Cursor` has the cursor of the rest."""
    columns = list(model.model_fields)

    def lines() -> Iterator[str]:
        yield line(columns)
        for body in bodies:
            yield line(body.get(column) for column in columns)

    headers = {"Next-Cursor": following} if following else None
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)
