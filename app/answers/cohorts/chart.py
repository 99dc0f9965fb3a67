"""Draws a cohort's Kaplan-Meier curves as a Vega-Lite specification, in the style of a procedure's picture."""

from app.answers.cohorts.schemas import CohortOut
from app.answers.pictures import style
from app.answers.pictures.layers import Layer, layer, words
from app.answers.pictures.spec import SCHEMA
from app.answers.pictures.style import Theme

COLORS = {
    "light": ("#0b5fa5", "#a8420a", "#0b6e6e", "#7a4b9a", "#5b6677"),
    "dark": ("#6cb8f0", "#f2955c", "#63cdc3", "#c9a3e6", "#a3aec2"),
}
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1])
SHARE = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": "%", "title": "with relief"}}
MOST = len(DASHES)


def curves_spec(found: CohortOut, theme: Theme) -> Layer:
    """Step curves with their 95 % bands, one colour and dash per group; at most five groups, the largest."""
    groups = sorted((g for g in found.groups if g.n and not g.hidden), key=lambda g: -g.n)[:MOST]
    last = max((g.days[-1] for g in groups), default=365)
    x = {"type": "quantitative", "scale": {"domain": [0, last], "nice": False}, "title": "days after the procedure"}
    layers = []
    for place, (group, color, dash) in enumerate(zip(groups, COLORS[theme], DASHES, strict=False)):
        rows = zip(group.days, group.survival, group.low, group.high, strict=True)
        values = [{"day": day, "share": share, "low": low, "high": high} for day, share, low, high in rows]
        sure = [v for v in values if v["low"] is not None]
        band = {"type": "area", "color": color, "opacity": 0.13, "interpolate": "step-after"}
        line = {"type": "line", "color": color, "strokeDash": dash, "strokeWidth": 2, "interpolate": "step-after"}
        name = {"type": "text", "color": color, "align": "left", "dx": 5, "dy": 12 * place, "fontWeight": "bold"}
        end = (
            [{**values[-1], "says": group.group or "not recorded"}] if found.groups[0].group or len(groups) > 1 else []
        )
        on = {"field": "day", **x}
        layers += [
            layer(
                sure,
                band,
                x=on,
                y={"field": "low", **SHARE},
                y2={"field": "high"},
            ),
            layer(values, line, x=on, y={"field": "share", **SHARE}),
            layer(end, name, x=on, y={"field": "share", **SHARE}, text=words("says")),
        ]
    half = layer(
        [{"share": 0.5}],
        {"type": "rule", "strokeDash": [3, 4], "color": style.SOFT[theme]},
        y={"field": "share", **SHARE},
    )
    padding = {"left": 8, "right": 90, "top": 8, "bottom": 8}
    return {
        "$schema": SCHEMA,
        "width": 760,
        "height": 300,
        "padding": padding,
        "layer": [half, *layers],
        "config": {**style.config(theme), "aria": False},
    }


def curves_in_words(found: CohortOut) -> str:
    """The curves as text: one sentence per group."""
    said = [f"Share of procedures with relief by day, definition {found.definition}."]
    for group in found.groups:
        name = group.group or "all"
        if group.n == 0 or group.hidden:
            said.append(f"{name}: {group.n} procedures, no curve.")
            continue
        median = "not reached" if group.median_days is None else f"{group.median_days:.0f} days"
        said.append(f"{name}: {group.n} procedures, {group.events} returns, median {median}.")
    return " ".join(said)
