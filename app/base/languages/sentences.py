"""Sentences that are kept in English, said in the language of who reads them.

A verdict, a flag and a step are kept with their sentence, which was made of parts: texts of the catalogue with their places
filled in. The sentence is taken apart again, part by part, by the same texts; what fills a place is said in the language,
too, where it is a day, a figure or a text of ours, and stays as it is where it is not: a name, a note.
"""

import re
from datetime import datetime
from functools import cache

from app.base.languages.catalogue import SOURCE, catalogue
from app.base.languages.speaking import day_in_words, figure, spoken_language, translated

PLACE = re.compile(r"\{(\w+)\}")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = re.compile(rf"\b\d{{1,2}} (?:{MONTHS}) \d{{4}}\b")
NUMBER = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")
JOINTS = (" · ", ". ", "; ", ": ", ", ")  # where a sentence is made of parts, the widest first
FILL = r"(?:(?!; |\. ).)+?"  # what fills a place lies within one part of a sentence
LEAST = re.compile(r"[^\W\d_]{4}")  # a text with fewer letters than a word of four is no text to know a sentence by


def sentence(text: object) -> str:
    """A sentence of ours in the language that is spoken; what the catalogue does not have stays in English."""
    said = str(text)
    return said if spoken_language() == SOURCE else _said(said) or _parted(said)


def _said(text: str) -> str | None:
    """A part as the catalogue has it, at the beginning of a sentence or within; None where it does not."""
    if (found := translated(text)) != text:
        return found
    small = _known(text[0].lower() + text[1:]) if text[:1].isupper() else None
    return _known(text) if small is None else small[0].upper() + small[1:]


def _known(text: str) -> str | None:
    if (found := translated(text)) != text:
        return found
    if DAY.fullmatch(text) or NUMBER.fullmatch(text):
        return _figures(text)
    for pieces, pattern, message in _patterns(spoken_language()):
        if text.endswith(".") and not message.endswith("."):
            continue
        if all(piece in text for piece in pieces) and (match := pattern.fullmatch(text)):
            places = {name: _said(part) or _parted(part) for name, part in match.groupdict().items()}
            return translated(message).format(**places)
    return None


def _parted(text: str) -> str:
    """A sentence part by part: at its full stops, else at its semicolons, and so on; what is no text keeps its words."""
    if text.endswith("."):
        return f"{_said(text[:-1]) or _parted(text[:-1])}."
    for joint in JOINTS:
        parts = text.split(joint)
        if len(parts) > 1 and any(_said(part) is not None for part in parts):
            return joint.join(_said(part) or _parted(part) for part in parts)
    return _figures(text)


def _figures(text: str) -> str:
    """The same with its days and its decimals as the language writes them."""
    days = DAY.sub(lambda found: day_in_words(datetime.strptime(found[0], "%d %B %Y").date()), text)  # noqa: DTZ007
    return NUMBER.sub(lambda found: figure(found[0]), days)


@cache
def _patterns(language: str) -> list[tuple[list[str], re.Pattern[str], str]]:
    """The texts with places, by what stands between these; the longest first, for more words are more certain."""
    texts = [text for text in catalogue(language) if PLACE.search(text) and LEAST.search(PLACE.sub("", text))]
    texts.sort(key=lambda text: -len(PLACE.sub("", text)))
    return [(PLACE.split(text)[::2], _pattern(text), text) for text in texts]


def _pattern(text: str) -> re.Pattern[str]:
    parts = PLACE.split(text)
    return re.compile("".join(f"(?P<{part}>{FILL})" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


def forget() -> None:
    """Forgets by which texts sentences are known: for tests that put other catalogues in place."""
    _patterns.cache_clear()
