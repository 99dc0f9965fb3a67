"""How a layer of the picture is put together."""

from collections.abc import Sequence
from datetime import date
from typing import Any

Layer = dict[str, Any]
WIDTH = 760


def layer(values: Sequence[dict[str, Any]], mark: dict[str, Any], **encoding: dict[str, Any]) -> Layer:
    """One layer: its data, its mark, and what says where it stands."""
    return {"data": {"values": list(values)}, "mark": mark, "encoding": encoding}


def days(first: date, last: date) -> Layer:
    """The axis of days that all panels share, without labels; in UTC, so that no server's clock moves a day."""
    domain = [first.isoformat(), last.isoformat()]
    return {"type": "temporal", "scale": {"type": "utc", "domain": domain, "nice": False}, "axis": None}


def at(axis: Layer, field: str) -> Layer:
    """A field on an axis."""
    return {"field": field, **axis}


def words(field: str, **more: Any) -> Layer:
    """A field that holds text."""
    return {"field": field, "type": "nominal", **more}
