"""The picture as one Vega-Lite specification, a plain dict."""

from app.answers.pictures import style
from app.answers.pictures.content import PictureContent, phases
from app.answers.pictures.downsample import average_of
from app.answers.pictures.layers import WIDTH, Layer, days, reach
from app.answers.pictures.panels import effects_panel, phases_panel, small_panel
from app.answers.pictures.scores import scores_panel
from app.answers.pictures.style import Theme

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
DATES = {"title": None, "grid": False, "labelOverlap": True, "tickCount": 8}
PADDING = {"left": 8, "right": 62, "top": 8, "bottom": 8}


def spec(content: PictureContent, theme: Theme = "light", interactive: bool = False) -> Layer:
    """The whole picture; `interactive` adds tooltips, which only a page can show."""
    x = days(content.first, content.last)
    panels = [scores_panel(content, theme, x=x, interactive=interactive), phases_panel(phases(content), theme, x)]
    if content.effects:
        panels.append(effects_panel(content.effects, theme, x))
    panels += [small_panel(points, title, theme=theme, x=x) for title, points in _series(content)]
    for panel in panels:
        panel["width"] = WIDTH
        reach(panel, x)
    lowest = panels[-1]["layer"][0]["encoding"]["x"]
    lowest["axis"] = DATES
    config = {**style.config(theme), "aria": False}  # the picture is described as a whole, not mark by mark
    return {
        "$schema": SCHEMA,
        "padding": PADDING,
        "vconcat": panels,
        "spacing": 6,
        "resolve": {"scale": {"x": "independent"}},  # each panel carries the same axis of days
        "config": config,
    }


def _series(content: PictureContent) -> list[tuple[str, list[Layer]]]:
    """MME and steps a day where any are known, thinned for drawing."""
    series = content.verdict.days
    out = []
    for values, title in ((series.opioid_mme, "MME a day"), (series.steps, "steps a day")):
        rows = zip(series.date, values, strict=True)
        points = [{"on": on.isoformat(), "value": value} for on, value in rows if value is not None]
        if points:
            out.append((title, average_of(points, ["value"])))
    return out
