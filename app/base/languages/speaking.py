"""The language in which somebody is being answered, and what a text is in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date

from babel.dates import format_date

from app.base.languages.catalogue import SOURCE, catalogue

_language: ContextVar[str] = ContextVar("language", default=SOURCE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """While the block runs, texts are said in a language."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def spoken_language() -> str:
    """The language that is spoken now; English where none was set."""
    return _language.get()


def translated(text: str) -> str:
    """A text of ours in the language that is spoken; itself where the catalogue does not have it."""
    found = catalogue(_language.get()).get(text, text)
    return found if isinstance(found, str) else found[0]


def day_in_words(on: date) -> str:
    """A day with its month in words, as the language that is spoken has it: 20 April 2026, 20. April 2026."""
    language = _language.get()
    if language == SOURCE:
        return f"{on.day} {on:%B %Y}"
    return _first(on, format_date(on, "long", locale=language))


def _first(on: date, said: str) -> str:
    """The first of a month as French has it: 1er mai 2026."""
    return re.sub(r"\b1 ", "1er ", said, count=1) if _language.get() == "fr" and on.day == 1 else said


def day_in_short(on: date) -> str:
    """A day with its month cut short: 20 Apr 2026, 20. Apr. 2026."""
    language = _language.get()
    if language == SOURCE:
        return f"{on.day} {on:%b %Y}"
    return _first(on, format_date(on, "d. MMM y" if language == "de" else "d MMM y", locale=language))


def month_in_words(on: date) -> str:
    """The month of a day: April 2026, avril 2026."""
    language = _language.get()
    return f"{on:%B %Y}" if language == SOURCE else format_date(on, "LLLL y", locale=language)


def weekday_in_short(on: date) -> str:
    """The weekday of a day for the head of a calendar: Mon, Mo., lun."""
    language = _language.get()
    return f"{on:%a}" if language == SOURCE else format_date(on, "ccc", locale=language)


def figure(text: str) -> str:
    """A number as it is written in the language that is spoken: 7.2, or 7,2."""
    return text if _language.get() == SOURCE else text.replace(".", ",")


def say(text: str, **values: object) -> str:
    """A text in the language that is spoken, its `{places}` filled in."""
    return translated(text).format(**values)


def counted(count: int, one: str, many: str, /, **values: object) -> str:
    """The text of one or of many, with their number as `{count}`."""
    return say(one if count == 1 else many, count=count, **values)


def number(value: float) -> str:
    """A figure without zeros that say nothing: 7, 7.5, or 7,5."""
    return figure(f"{value:g}")


def weekday_in_words(on: date) -> str:
    """A day with its weekday: Monday, 20 April 2026; Montag, 20. April 2026."""
    language = _language.get()
    return (
        f"{on:%A}, {day_in_words(on)}" if language == SOURCE else _first(on, format_date(on, "full", locale=language))
    )
