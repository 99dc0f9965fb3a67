"""A list as a sheet: a line a row, in the columns of its wire form."""

from collections.abc import Iterator
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.store.sheets import line


def as_sheet(model: type[BaseModel], bodies: list[dict[str, Any]], following: str | None) -> StreamingResponse:
    """The rows as CSV; the cursor of the rest, if any, stands in the header `Next-Cursor`."""
    columns = list(model.model_fields)

    def lines() -> Iterator[str]:
        yield line(columns)
        for body in bodies:
            yield line(body.get(column) for column in columns)

    headers = {"Next-Cursor": following} if following else None
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)
