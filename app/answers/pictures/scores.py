"""The main panel: scores, the engine's level, baseline and half of it, the return, flare-ups, blocks, procedures."""

from app.answers.pictures import style
from app.answers.pictures.content import PictureContent, Span, flares, gaps
from app.answers.pictures.downsample import Point, average_of, keep_extremes
from app.answers.pictures.layers import Layer, Size, at, layer, words
from app.answers.pictures.style import Theme
from app.base.languages.sentences import sentence
from app.base.languages.speaking import day_in_short, figure, say, translated
from app.rules.parameters import GAP_NAMED

HEIGHT = 236
TOOLTIP = [
    {"field": "on", "type": "temporal", "title": "day", "timeUnit": "utcyearmonthdate"},
    {"field": "pain", "type": "quantitative", "title": "average"},
    {"field": "worst", "type": "quantitative", "title": "worst"},
]


def scores_panel(content: PictureContent, theme: Theme, *, x: Layer, size: Size, interactive: bool) -> Layer:
    """All layers on the scale of pain, from the back to the front."""
    layers = [
        *_silence(gaps(content), theme, x),
        *_return(content, theme, x),
        *_level(content, theme, x),
        *_limits(content, theme, size),
        *_dots(content, theme, x=x, interactive=interactive),
        *_flares(flares(content), theme, x),
        *_marks(content, theme, x),
    ]
    return {"height": HEIGHT, "layer": layers}


def _pain(field: str) -> Layer:
    scale = {"domain": [0, 10], "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "title": translated("pain, 0 to 10")}


def _silence(found: list[Span], theme: Theme, x: Layer) -> list[Layer]:
    values = [{"from": g.first.isoformat(), "to": g.last.isoformat()} for g in found]
    long = [v for g, v in zip(found, values, strict=True) if (g.last - g.first).days >= GAP_NAMED]
    shade = {"type": "rect", "color": style.GAP[theme]}
    out = [layer(values, shade, x=at(x, "from"), x2={"field": "to"})]
    if long:
        place = {"align": "left", "baseline": "bottom", "dx": 4, "y": HEIGHT - 4}
        text = {"type": "text", "text": translated("no entries"), "color": style.SOFT[theme], "fontSize": 10, **place}
        out.append(layer(long, text, x=at(x, "from")))
    return out


def _return(content: PictureContent, theme: Theme, x: Layer) -> list[Layer]:
    found = content.verdict.return_
    if found.on is None or found.low is None or found.high is None:
        return []
    day = found.on
    values = [{"on": day.isoformat(), "from": found.low.isoformat(), "to": found.high.isoformat()}]
    when = day_in_short(day)
    likely = say("return likely, {day}", day=when)
    says = say("return, {day}", day=when) if content.verdict.phase == "returned" else likely
    color = style.RETURN[theme]
    beyond_the_middle = (day - content.first).days * 2 > (content.last - content.first).days
    place = {"align": "right", "dx": -5} if beyond_the_middle else {"align": "left", "dx": 5}
    text = {"type": "text", "text": says, "y": 20, "fontWeight": "bold", **place}
    return [
        layer(values, {"type": "rect", "color": color, "opacity": 0.14}, x=at(x, "from"), x2={"field": "to"}),
        layer(values, {"type": "rule", "color": color, "strokeWidth": 2}, x=at(x, "on")),
        layer(values, {**text, "color": color}, x=at(x, "on")),
    ]


def _level(content: PictureContent, theme: Theme, x: Layer) -> list[Layer]:
    s = content.verdict.days
    rows = zip(s.date, s.level, s.low, s.high, strict=True)
    points = [
        {"on": on.isoformat(), "level": v, "low": low, "high": high} for on, v, low, high in rows if v is not None
    ]
    points = average_of(points, ["level", "low", "high"])
    band = {"type": "area", "color": style.LEVEL[theme], "opacity": 0.2}
    line = {"type": "line", "color": style.LEVEL[theme], "strokeWidth": 2.5}
    return [
        layer(points, band, x=at(x, "on"), y=_pain("low"), y2={"field": "high"}),
        layer(points, line, x=at(x, "on"), y=_pain("level")),
    ]


def _limits(content: PictureContent, theme: Theme, size: Size) -> list[Layer]:
    """Lines at the baseline and where relief begins by the definition, labelled at the right: beside the panel, or above."""
    pain = content.verdict.baseline.pain
    if pain is None:
        return []
    values = [{"pain": pain, "says": say("before {pain}", pain=figure(f"{pain:.1f}"))}]
    if content.verdict.definition == "eighty":
        values.append({"pain": pain / 5, "says": say("a fifth {pain}", pain=figure(f"{pain / 5:.1f}"))})
    else:  # also by `full` relief begins under half; it ends where the pain before is back
        values.append({"pain": pain / 2, "says": say("half {pain}", pain=figure(f"{pain / 2:.1f}"))})
    text = {"type": "text", "x": size.width + 5, "align": "left", "baseline": "middle", "color": style.INK[theme]}
    if not size.beside:
        text |= {"x": size.width - 2, "align": "right", "baseline": "bottom", "dy": -2}
    return [
        layer(values, {"type": "rule", "strokeDash": [5, 4], "color": style.INK[theme]}, y=_pain("pain")),
        layer(values, text, y=_pain("pain"), text=words("says")),
    ]


def _dots(content: PictureContent, theme: Theme, *, x: Layer, interactive: bool) -> list[Layer]:
    """The scores, filled; hollow where they were written down late."""
    s = content.verdict.days
    rows = zip(s.date, s.average, s.worst, strict=True)
    points: list[Point] = [{"on": on.isoformat(), "pain": pain, "worst": None} for on, pain in content.before]
    points += [{"on": on.isoformat(), "pain": pain, "worst": worst} for on, pain, worst in rows if pain is not None]
    points = keep_extremes(points, lambda p: float(p["pain"]))
    late = {day.isoformat() for day in content.recalled}
    out = []
    for recalled, look in ((False, {"filled": True, "opacity": 0.75}), (True, {"filled": False, "strokeWidth": 1.4})):
        values = [p for p in points if (p["on"] in late) is recalled]
        mark = {"type": "point", "size": 20, "color": style.DOT[theme], **look}
        if values:
            tooltip = {"tooltip": TOOLTIP} if interactive else {}
            out.append(layer(values, mark, x=at(x, "on"), y=_pain("pain"), **tooltip))
    return out


def _flares(found: list[Span], theme: Theme, x: Layer) -> list[Layer]:
    values = [{"on": f.first.isoformat()} for f in found]
    mark = {"type": "point", "shape": "triangle-down", "filled": True, "size": 46, "y": 5, "color": style.FLARE[theme]}
    return [layer(values, mark, x=at(x, "on"))] if found else []


def _marks(content: PictureContent, theme: Theme, x: Layer) -> list[Layer]:
    """Procedures as lines named at the top, blocks as dotted lines named at the foot."""
    shown = [m for m in content.marks if content.first <= m.on <= content.last]
    procedures = [{"on": content.performed_on.isoformat(), "says": translated("procedure")}]
    procedures += [{"on": m.on.isoformat(), "says": sentence(m.says)} for m in shown if m.kind == "procedure"]
    blocks = [{"on": m.on.isoformat(), "says": sentence(m.says)} for m in shown if m.kind == "block"]
    top, foot = {"align": "right", "y": 4}, {"align": "left", "y": HEIGHT - 4}
    out = []
    for values, dash, place in ((procedures, [1, 0], top), (blocks, [2, 3], foot)):
        rule = {"type": "rule", "color": style.INK[theme], "strokeDash": dash, "strokeWidth": 1.3}
        text = {"type": "text", "angle": 270, "baseline": "top", "dy": 3, "fontSize": 10, **place}
        if values:
            out += [layer(values, rule, x=at(x, "on")), layer(values, text, x=at(x, "on"), text=words("says"))]
    return out
