"""What the report says, in the language that is spoken: its texts, its sentences, its days."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from app.base.languages.sentences import sentence
from app.base.languages.speaking import day_in_words, figure, translated

TEXT = re.compile(r'\bt\(\s*"([^"]+)"')
DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
BY_PEOPLE = {"name", "id", "procedure_id"}  # a word of theirs may be one of ours


@cache
def source() -> str:
    """The report's layout."""
    return (files(__package__) / "report.typ").read_text("utf-8")


def texts() -> list[str]:
    """Every text that stands in the layout."""
    return list(dict.fromkeys(TEXT.findall(source())))


def wording(told: JsonValue, picture: str) -> dict[str, JsonValue]:
    """The words for what stands in the layout and in a follow-up, by the English; days by their ISO form.

    Args:
        picture: its text alternative.
    """
    found = {text: translated(text) for text in texts()}
    days: dict[str, JsonValue] = {}
    for one in _strings(told):
        days |= {iso: _day(iso) for iso in DAY.findall(one)}
        for text in (one, one.replace("_", " ")):
            found[text] = DAY.sub(lambda iso: _day(iso[0]), sentence(text))
    return {"texts": {**found}, "days": days, "point": figure("."), "picture": picture}


def _day(iso: str) -> str:
    """A day in words; what only looks like one stays as it is."""
    try:
        return day_in_words(date.fromisoformat(iso))
    except ValueError:
        return iso


def _strings(value: JsonValue, name: str = "") -> Iterator[str]:
    if isinstance(value, str) and name not in BY_PEOPLE:
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _strings(one, key)
