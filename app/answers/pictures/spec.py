"""The picture as one Vega-Lite specification, a plain dict."""

from app.answers.pictures import style
from app.answers.pictures.content import PictureContent, phases
from app.answers.pictures.downsample import average_of
from app.answers.pictures.layers import SIZES, Layer, Size, days, reach
from app.answers.pictures.locale import day_label, locale
from app.answers.pictures.panels import effects_panel, phases_panel, small_panel
from app.answers.pictures.scores import scores_panel
from app.answers.pictures.style import Fit, Theme
from app.base.languages.speaking import translated

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
DATES = {"title": None, "grid": False, "labelOverlap": True}
PADDING = {"left": 8, "right": 8, "top": 8, "bottom": 8}
BESIDE = 54  # pixels for the names of lines, where they stand beside the panel


def spec(content: PictureContent, theme: Theme = "light", *, interactive: bool = False, fit: Fit = "wide") -> Layer:
    """The whole picture, in the language that is spoken; `interactive` adds tooltips, which only a page can show."""
    x, size = days(content.first, content.last), SIZES[fit]
    panels = _panels(content, theme, x=x, size=size, interactive=interactive)
    for panel in panels:
        panel["width"] = size.width
        reach(panel, x)
    lowest = panels[-1]["layer"][0]["encoding"]["x"]
    lowest["axis"] = {**DATES, "tickCount": size.ticks, "labelExpr": day_label()}
    config = {**style.config(theme), "aria": False}  # the picture is described as a whole, not mark by mark
    if (spoken := locale()) is not None:
        config["locale"] = spoken
    return {
        "$schema": SCHEMA,
        "padding": {**PADDING, "right": PADDING["right"] + (BESIDE if size.beside else 0)},
        "vconcat": panels,
        "spacing": 6,
        "resolve": {"scale": {"x": "independent"}},  # each panel carries the same axis of days
        "config": config,
    }


def _panels(content: PictureContent, theme: Theme, *, x: Layer, size: Size, interactive: bool) -> list[Layer]:
    panels = [
        scores_panel(content, theme, x=x, size=size, interactive=interactive),
        phases_panel(phases(content), theme, x=x, size=size),
    ]
    if content.effects:
        panels.append(effects_panel(content.effects, theme, x=x, size=size))
    return panels + [small_panel(points, title, theme=theme, x=x, size=size) for title, points in _series(content)]


def _series(content: PictureContent) -> list[tuple[str, list[Layer]]]:
    """MME and steps a day where any are known, thinned for drawing."""
    series = content.verdict.days
    out = []
    for values, title in ((series.opioid_mme, translated("MME a day")), (series.steps, translated("steps a day"))):
        rows = zip(series.date, values, strict=True)
        points = [{"on": on.isoformat(), "value": value} for on, value in rows if value is not None]
        if points:
            out.append((title, average_of(points, ["value"])))
    return out
