"""Builds the layers of a Vega-Lite specification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.answers.pictures.style import Fit

Layer = dict[str, Any]  # a part of a Vega-Lite specification: JSON, read and written key by key


@dataclass(frozen=True)
class Size:
    """How wide the panels are, and whether there is room for words beside them.

    Args:
        width: of each panel, in pixels.
        beside: names of lines and panels stand beside them; otherwise inside.
        ticks: about as many days are named on the axis.
        named_from: share of the width from which a phase's name fits into its band.
    """

    width: int
    beside: bool
    ticks: int
    named_from: float


SIZES: dict[Fit, Size] = {"wide": Size(760, True, 8, 0.075), "narrow": Size(284, False, 4, 0.22)}


def layer(values: Sequence[Mapping[str, object]], mark: Layer, **encoding: object) -> Layer:
    """One layer: its data, its mark and its encoding."""
    return {"data": {"values": list(values)}, "mark": mark, "encoding": encoding}


def days(first: date, last: date) -> Layer:
    """The axis of days that all panels share, without labels; in UTC, so that a server's time zone moves no day."""
    domain = [first.isoformat(), last.isoformat()]
    return {"type": "temporal", "scale": {"type": "utc", "domain": domain, "nice": False}, "axis": None}


def length(axis: Layer) -> int:
    """Days from end to end of an axis, at least one."""
    first, last = (date.fromisoformat(on) for on in axis["scale"]["domain"])
    return max(1, (last - first).days)


def at(axis: Layer, field: str) -> Layer:
    """A field on an axis without its domain, which `reach` sets once per panel."""
    scale = {name: value for name, value in axis["scale"].items() if name != "domain"}
    return {**axis, "field": field, "scale": scale}


def reach(panel: Layer, axis: Layer) -> None:
    """Sets a panel's domain of days to that of the axis, on one layer: the layers of a panel share the scale."""
    with_days = [part["encoding"] for part in panel["layer"] if "x" in part["encoding"]]
    # a layer with x and x2 would state the domain twice, in two spellings, and Vega-Lite would warn of a conflict
    chosen = next((encoding for encoding in with_days if "x2" not in encoding), with_days[0])
    chosen["x"]["scale"] = axis["scale"]


def words(field: str, **more: object) -> Layer:
    """A field that holds text."""
    return {"field": field, "type": "nominal", **more}
