"""The small panels under the scores: phases, side effects, and a series."""

from datetime import date, timedelta

from app.answers.pictures import style
from app.answers.pictures.content import Span
from app.answers.pictures.downsample import Point
from app.answers.pictures.layers import Layer, Size, at, layer, length, words
from app.answers.pictures.style import Theme
from app.base.languages.speaking import translated


def phases_panel(found: list[Span], theme: Theme, *, x: Layer, size: Size) -> Layer:
    """The phases as a band; each is named where its name fits."""
    values = []
    for span in found:
        fill, ink = style.PHASES[span.says]
        name = translated(style.NAMES[span.says])
        fits = (span.last - span.first).days / length(x) >= size.named_from
        ends = span.last + timedelta(days=1)
        said = {"phase": name, "says": name if fits else "", "fill": fill, "ink": ink}
        values.append({"from": span.first.isoformat(), "to": ends.isoformat(), **said})
    band = {"type": "rect", "stroke": style.SOFT[theme], "strokeWidth": 0.6}
    named = {"type": "text", "align": "left", "dx": 5, "y": 9}
    fill_of, ink_of = words("fill", scale=None), words("ink", scale=None)
    layers = [
        layer(values, band, x=at(x, "from"), x2={"field": "to"}, color=fill_of),
        layer([v for v in values if v["says"]], named, x=at(x, "from"), text=words("says"), color=ink_of),
    ]
    return {"height": 18, "layer": layers}


def effects_panel(effects: dict[str, list[date]], theme: Theme, *, x: Layer, size: Size) -> Layer:
    """One row per kind of side effect, with a tick on each day that reports it."""
    named_as = {kind: translated(kind.replace("_", " ")) for kind in effects}
    names = list(named_as.values())
    values = [{"on": on.isoformat(), "kind": named_as[kind]} for kind, days in effects.items() for on in days]
    mark = {"type": "tick", "color": style.INK[theme], "thickness": 1.5, "size": 8}
    kinds = words("kind", sort=names, axis={"title": None, "grid": False, "labelLimit": 130})
    if size.beside:
        return {"height": 13 * len(names), "layer": [layer(values, mark, x=at(x, "on"), y=kinds)]}
    ticks = layer(values, {**mark, "yOffset": 6}, x=at(x, "on"), y={**kinds, "axis": None})
    inside = {"type": "text", "x": 2, "align": "left", "dy": -5, "fontSize": 10, "color": style.SOFT[theme]}
    named = layer([{"kind": name} for name in names], inside, y={**kinds, "axis": None}, text=words("kind"))
    return {"height": 24 * len(names), "layer": [ticks, named]}


def small_panel(points: list[Point], title: str, *, theme: Theme, x: Layer, size: Size) -> Layer:
    """One series as steps."""
    beside = {"title": title, "titleAngle": 0, "titleAlign": "right", "titleX": -34, "titleY": 10}
    axis = {**(beside if size.beside else {"title": None}), "tickCount": 2, "format": "~s"}
    y = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": True}}
    line = {"color": style.INK[theme], "strokeWidth": 1}
    mark = {"type": "area", "line": line, "color": style.SOFT[theme], "opacity": 0.35}
    layers = [layer(points, mark, x=at(x, "on"), y=y)]
    if not size.beside:
        inside = {"type": "text", "text": title, "x": 2, "y": 6, "align": "left", "fontSize": 10}
        layers.append(layer([{}], {**inside, "color": style.INK[theme]}))
    return {"height": 42, "layer": layers}
