"""Sentences that are kept in English, said in the language of who reads them.

A verdict, a flag and a step are kept with their sentence, which was made of parts: texts of the catalogue with their places
filled in. The sentence is taken apart again, part by part, by the same texts; what fills a place is said in the language,
too, where it is a day, a figure or a text of ours, and stays as it is where it is not: a name, a note.
"""

import re
from datetime import datetime
from functools import cache
from importlib.resources import files

from app.base.languages.catalogue import SOURCE, catalogue
from app.base.languages.speaking import day_in_words, figure, say, spoken_language, translated

PLACE = re.compile(r"\{(\w+)\}")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = re.compile(rf"\b\d{{1,2}} (?:{MONTHS}) \d{{4}}\b")
NUMBER = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")
JOINTS = (" · ", ". ", "; ", ": ", ", ")  # where a sentence is made of parts, the widest first
RANGE = re.compile(r"(?<=\()(-?\d[\d.,]*) to (-?\d[\d.,]*)(?=\))")
LONGEST, LONGEST_PART, DEEPEST = 1_000, 300, 6  # signs of a sentence and of a part; parts within parts
LETTER = re.compile(r"[^\W\d_]")
ENOUGH = 8  # letters of a text by which it is known whatever fills its places
SHORT = re.compile(r"[CTLS]?\d[\w.,-]*(?:(?: and |, )[CTLS]\d[\w-]*)*")
FILL = r"(?:(?!; |\. ).)+?"  # what fills a place lies within one part of a sentence
FIGURES = {  # what fills these is a figure, a day, or as many needs as there are, which are told one by one
    **dict.fromkeys(("days", "weeks", "months", "minutes", "percent", "count", "good", "mme"), r"-?\d[\d.]*"),
    **dict.fromkeys(("degrees", "points", "number", "logged", "most"), r"-?\d[\d.]*"),
    "day": r"\d{1,2} \w+ \d{4}",
    "phase": r"[a-z ]+",
    "needs": FILL.removesuffix("?"),
}
JOINED = {"fr": {"; ": "\u202f; ", ": ": "\u00a0: "}}  # how a language joins the parts
LEAST = re.compile(r"[^\W\d_]{4}")  # a text with fewer letters than a word of four is no text to know a sentence by


def sentence(text: object) -> str:
    """A sentence of ours in the language that is spoken; what the catalogue does not have stays in English.

    What people wrote does not belong in here: a word of theirs may be one of ours.
    """
    said = str(text)
    return said if spoken_language() == SOURCE or len(said) > LONGEST else _said(said, 0) or _parted(said, 0)


def by_people(text: str) -> str:
    """What somebody wrote, as they wrote it; a head of ours before it, such as what was decided, is said."""
    head, colon, rest = text.partition(": ")
    found = catalogue(spoken_language())
    return f"{translated(head)}{colon}{rest}" if colon and head in found else text


def _said(text: str, depth: int) -> str | None:
    """A part as the catalogue has it, at the beginning of a sentence or within; None where it does not."""
    if text in catalogue(spoken_language()):
        return translated(text)
    small = _known(text[0].lower() + text[1:], depth) if text[:1].isupper() else None
    return _known(text, depth) if small is None else small[0].upper() + small[1:]


def _known(text: str, depth: int) -> str | None:
    if text in catalogue(spoken_language()):
        return translated(text)
    if DAY.fullmatch(text) or NUMBER.fullmatch(text):
        return _figures(text)
    if len(text) > LONGEST_PART or depth > DEEPEST:
        return None
    for pieces, pattern, message in _patterns(spoken_language()):
        if text.endswith(".") and not message.endswith("."):
            continue
        if all(piece in text for piece in pieces) and (match := pattern.fullmatch(text)):
            places = {name: (part, _said(part, depth + 1)) for name, part in match.groupdict().items()}
            if _is_enough(pieces) or all(said is not None or SHORT.fullmatch(part) for part, said in places.values()):
                filled = {name: said or _parted(part, depth + 1) for name, (part, said) in places.items()}
                return translated(message).format(**filled)
    return None


def _is_enough(pieces: list[str]) -> bool:
    """Whether a text is known by its words, whatever fills its places; else these are joints, figures or texts of ours."""
    return len(LETTER.findall("".join(pieces))) >= ENOUGH


def _parted(text: str, depth: int) -> str:
    """A sentence part by part: at its full stops, else at its semicolons, and so on; what is no text keeps its words."""
    body = text.rstrip(".")
    if body != text:
        return (_said(body, depth) or _parted(body, depth)) + text[len(body) :]
    for joint in JOINTS:
        parts = text.split(joint)
        said = [_said(part, depth) for part in parts] if len(parts) > 1 and depth <= DEEPEST else []
        if any(one is not None for one in said):
            joined = JOINED.get(spoken_language(), {}).get(joint, joint)
            return joined.join(one or _parted(part, depth + 1) for one, part in zip(said, parts, strict=True))
    return _figures(text)


def _figures(text: str) -> str:
    """The same with its days and its decimals as the language writes them."""
    days = DAY.sub(lambda found: _day(found[0]), text)
    numbers = NUMBER.sub(lambda found: figure(found[0]), days)
    return RANGE.sub(lambda found: say("{low} to {high}", low=found[1], high=found[2]), numbers)


def _day(text: str) -> str:
    try:
        return day_in_words(datetime.strptime(text, "%d %B %Y").date())  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return text  # a day that is none, in somebody's own words


@cache
def _patterns(language: str) -> list[tuple[list[str], re.Pattern[str], str]]:
    """The texts with places, by what stands between these; the longest first, for more words are more certain."""
    kept = (files(__package__) / "texts.txt").read_text("utf-8").splitlines()  # what a template says is kept nowhere
    texts = [text for text in kept if text in catalogue(language)]
    texts = [text for text in texts if PLACE.search(text) and LEAST.search(PLACE.sub("", text))]
    texts.sort(key=lambda text: -len(PLACE.sub("", text)))
    return [(PLACE.split(text)[::2], _pattern(text), text) for text in texts]


def _pattern(text: str) -> re.Pattern[str]:
    parts = PLACE.split(text)
    return re.compile(
        "".join(
            f"(?P<{part}>{FIGURES.get(part, FILL)})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
        )
    )


def forget() -> None:
    """Forgets by which texts sentences are known: for tests that put other catalogues in place."""
    _patterns.cache_clear()
