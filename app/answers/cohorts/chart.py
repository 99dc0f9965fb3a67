"""Draws a cohort's Kaplan-Meier curves as a Vega-Lite specification, in the style of a procedure's picture."""

from collections.abc import Sequence

from app.answers.cohorts.schemas import CohortOut, GroupBy, GroupOut
from app.answers.pictures import style
from app.answers.pictures.layers import Layer, layer, words
from app.answers.pictures.locale import locale
from app.answers.pictures.spec import SCHEMA
from app.answers.pictures.style import Fit, Theme
from app.base.languages.speaking import say, translated

COLORS = {
    "light": ("#0b5fa5", "#a8420a", "#0b6e6e", "#7a4b9a", "#5b6677"),
    "dark": ("#6cb8f0", "#f2955c", "#63cdc3", "#c9a3e6", "#a3aec2"),
}
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1])
MOST = len(DASHES)
SIZES: dict[Fit, tuple[int, int]] = {"wide": (760, 300), "narrow": (190, 240)}  # pixels, beside axes and names
LINE_OF_NAMES = 14  # pixels
OURS: tuple[GroupBy, ...] = ("region", "laterality", "technique", "repeat")  # whose groups have names of ours


def name_of_group(group: str | None, by: GroupBy | None) -> str:
    """What a group is called in the language that is spoken; a person, a level or a year as it is."""
    if group is None:
        return translated("all" if by is None else "not recorded")
    return translated(group) if by in OURS else group


def curves_spec(found: CohortOut, theme: Theme, *, by: GroupBy | None = None, fit: Fit = "wide") -> Layer:
    """Step curves with their 95 % bands, one colour and dash per group; at most five groups, the largest."""
    width, height = SIZES[fit]
    groups = sorted((g for g in found.groups if g.n and not g.hidden), key=lambda g: -g.n)[:MOST]
    last = max((g.days[-1] for g in groups), default=365)
    axis = {"tickCount": width // 90}
    title = translated("days after the procedure")
    x = {"type": "quantitative", "scale": {"domain": [0, last], "nice": False}, "axis": {**axis, "title": title}}
    layers = [_half(theme)]
    for group, color, dash in zip(groups, COLORS[theme], DASHES, strict=False):
        layers += _curve(group, color, dash=dash, x=x)
    if by is not None:
        layers += _names(groups, theme, by=by, size=(width, height))
    config = {**style.config(theme), "aria": False}
    if (spoken := locale()) is not None:
        config["locale"] = spoken
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": height,
        "padding": {"left": 8, "right": 16, "top": 8, "bottom": 8},
        "layer": layers,
        "config": config,
    }


def _share() -> Layer:
    axis = {"format": "%", "title": translated("with relief")}
    return {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": axis}


def _half(theme: Theme) -> Layer:
    rule = {"type": "rule", "strokeDash": [3, 4], "color": style.SOFT[theme]}
    return layer([{"share": 0.5}], rule, y={"field": "share", **_share()})


def _curve(group: GroupOut, color: str, *, dash: list[int], x: Layer) -> list[Layer]:
    rows = zip(group.days, group.survival, group.low, group.high, strict=True)
    values = [{"day": day, "share": share, "low": low, "high": high} for day, share, low, high in rows]
    sure = [one for one in values if one["low"] is not None]
    band = {"type": "area", "color": color, "opacity": 0.13, "interpolate": "step-after"}
    line = {"type": "line", "color": color, "strokeDash": dash, "strokeWidth": 2, "interpolate": "step-after"}
    on = {"field": "day", **x}
    return [
        layer(sure, band, x=on, y={"field": "low", **_share()}, y2={"field": "high"}),
        layer(values, line, x=on, y={"field": "share", **_share()}),
    ]


def _names(groups: Sequence[GroupOut], theme: Theme, *, by: GroupBy, size: tuple[int, int]) -> list[Layer]:
    """The groups' names beside the curves, each at the height where its curve ends, and none over another."""
    width, height = size
    gap, at, found = LINE_OF_NAMES / height, 1.0 + LINE_OF_NAMES / height, list[Layer]()
    ends = {place: group.survival[-1] for place, group in enumerate(groups)}
    lowest = gap * len(groups)
    for place in sorted(ends, key=lambda one: -ends[one]):
        at = max(min(at - gap, ends[place]), lowest - gap)
        lowest -= gap
        name = {"type": "text", "align": "left", "dx": 6, "fontWeight": "bold", "color": COLORS[theme][place]}
        row = {"share": at, "says": name_of_group(groups[place].group, by)}
        found.append(layer([row], name, x={"value": width}, y={"field": "share", **_share()}, text=words("says")))
    return found


def curves_in_words(found: CohortOut, by: GroupBy | None = None) -> str:
    """The curves as text, in the language that is spoken: one sentence per group."""
    said = [say("Share of procedures with relief by day, definition {name}", name=translated(found.definition))]
    for one in found.groups:
        told: dict[str, object] = {"group": name_of_group(one.group, by), "count": one.n, "returns": one.events}
        if one.n == 0 or one.hidden:
            said.append(say("{group}: {count} procedures, no curve", **told))
        elif one.median_days is None:
            said.append(say("{group}: {count} procedures, {returns} returns, median not reached", **told))
        else:
            told["days"] = round(one.median_days)
            said.append(say("{group}: {count} procedures, {returns} returns, median {days} days", **told))
    return ". ".join(said) + "."
