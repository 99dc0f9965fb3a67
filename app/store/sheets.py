"""Cells of a sheet that a spreadsheet program will neither run nor misread."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

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
