"""The picture as one Vega-Lite specification, a plain dict."""

from typing import Any

from app.answers.pictures import style
from app.answers.pictures.content import Seen, phases
from app.answers.pictures.downsample import average_of
from app.answers.pictures.layers import WIDTH, Layer, days, reach
from app.answers.pictures.panels import effects_panel, phases_panel, small_panel
from app.answers.pictures.scores import scores_panel
from app.answers.pictures.style import Theme

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
DATES = {"title": None, "grid": False, "labelOverlap": True, "tickCount": 8}
PADDING = {"left": 8, "right": 62, "top": 8, "bottom": 8}


def spec(seen: Seen, theme: Theme = "light", interactive: bool = False) -> dict[str, Any]:
    """The whole picture; `interactive` adds what only a page can do: what is under the pointer."""
    x = days(seen.first, seen.last)
    panels = [scores_panel(seen, theme, x, interactive), phases_panel(phases(seen), theme, x)]
    if seen.effects:
        panels.append(effects_panel(seen.effects, theme, x))
    panels += [small_panel(points, title, theme, x) for title, points in _series(seen)]
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


def _series(seen: Seen) -> list[tuple[str, list[Layer]]]:
    """The series that say anything, thinned."""
    series = seen.verdict["days"]
    out = []
    for name, title in (("opioid_mme", "MME a day"), ("steps", "steps a day")):
        rows = zip(series["date"], series[name], strict=True)
        points = [{"on": on, "value": value} for on, value in rows if value is not None]
        if points:
            out.append((title, average_of(points, ["value"])))
    return out
