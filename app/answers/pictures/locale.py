"""How the drawing library writes figures and the names of months in the language that is spoken."""

from babel import Locale

from app.answers.pictures.layers import Layer
from app.base.languages.catalogue import SOURCE
from app.base.languages.speaking import figure, spoken_language

DAY = {SOURCE: "%-d %b", "de": "%-d. %b"}  # as the language puts a day before its month; the others as English


def locale() -> Layer | None:
    """The library's own form of a language (d3-format, d3-time-format); None for English, which it speaks."""
    language = spoken_language()
    if language == SOURCE:
        return None
    known = Locale.parse(language)
    months = {width: [known.months["stand-alone"][width][n] for n in range(1, 13)] for width in ("wide", "abbreviated")}
    days = {width: [known.days["stand-alone"][width][n] for n in (6, *range(6))] for width in ("wide", "abbreviated")}
    return {
        "number": {"decimal": figure("."), "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]},
        "time": {
            "dateTime": "%x %X",
            "date": "%d.%m.%Y",
            "time": "%H:%M:%S",
            "periods": ["", ""],
            "days": days["wide"],
            "shortDays": days["abbreviated"],
            "months": months["wide"],
            "shortMonths": months["abbreviated"],
        },
    }


def day_label() -> str:
    """The expression that names a day on the axis: a year by itself, a month by its name, a day with its month."""
    day = DAY.get(spoken_language(), DAY[SOURCE])
    is_first = "utcdate(datum.value) == 1"
    month = "utcmonth(datum.value) == 0 ? utcFormat(datum.value, '%Y') : utcFormat(datum.value, '%B')"
    return f"{is_first} ? ({month}) : utcFormat(datum.value, '{day}')"
