"""Colours and shapes of the picture.

Readable for colour-blind people (Okabe and Ito's colours) and in black and white: what differs in meaning differs in
lightness, shape or dash too, and every phase is named.
"""

from typing import Literal

Theme = Literal["light", "dark"]
Fit = Literal["wide", "narrow"]  # for a page or a report, or for a phone
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INK = {"light": "#17202e", "dark": "#e6ebf4"}
SOFT = {"light": "#566176", "dark": "#a3aec2"}
LINE = {"light": "#d5dbe5", "dark": "#33405a"}
PAPER = {"light": "#ffffff", "dark": "#141c2b"}
GAP = {"light": "#e9ecf1", "dark": "#232d40"}
DOT = {"light": "#5b6677", "dark": "#9fadc4"}
LEVEL = {"light": "#0b5fa5", "dark": "#6cb8f0"}
RETURN = {"light": "#a8420a", "dark": "#f2955c"}
FLARE = {"light": "#8a5a00", "dark": "#e6b34d"}
PHASES = {
    "unknown": ("#ffffff", "#4a5568"),
    "settling": ("#dfe4ec", "#2b3546"),
    "relief": ("#0b6e6e", "#ffffff"),
    "returning": ("#f0c24b", "#2b2200"),
    "returned": ("#a8420a", "#ffffff"),
    "no_relief": ("#6b7280", "#ffffff"),
}
NAMES = {
    "unknown": "unknown",
    "settling": "settling",
    "relief": "relief",
    "returning": "returning",
    "returned": "returned",
    "no_relief": "no relief",
}


def config(theme: Theme) -> dict[str, object]:
    """The settings that all panels share."""
    axis = {
        "domain": False,
        "ticks": False,
        "grid": True,
        "gridColor": LINE[theme],
        "titleColor": SOFT[theme],
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelColor": SOFT[theme],
        "labelPadding": 6,
    }
    return {
        "font": FONT,
        "background": PAPER[theme],
        "view": {"stroke": None},
        "axis": axis,
        "concat": {"spacing": 8},
        "legend": {"disable": True},
        "text": {"color": INK[theme], "fontSize": 11},
    }
