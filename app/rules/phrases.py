"""A small language for what people say, and its patterns; `red_flags.toml` explains it at its top. Pure.

Patterns are matched on folded sentences: words with one blank before each, a comma standing for every pause.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property

GAPS = {"..": 3, "...": 6}  # words
HOT = r" (?:(?:3[89]|4[0-2])(?:[.,]\d{1,2})?|100[.,][4-9]\d?|10[1-8](?:[.,]\d{1,2})?)"  # from 38 °C or 100.4 °F on
PIECE = re.compile(
    r"\.{2,3}|<(?:hot|fever)>|\{(?P<set>\w+)\}|(?P<word>\w+)(?P<stem>\*?)|(?P<open>[(\[])|(?P<close>[)\]])|\|"
)
FEVER = r" (?:3[89]|4[0-2])[.,]\d"  # as people read it off, so that it is hardly anything else
UMLAUT = re.compile("([äöüÄÖÜ])")
NUMBERS = {"<hot>": HOT, "<fever>": FEVER}
DIGITS = "#"
Read = tuple[str, frozenset[str], bool]  # a pattern, the keys of the words that it begins with, whether it may be empty


@dataclass(frozen=True)
class Vocabulary:
    """What the phrases of a language share: its sets, and the words that no gap skips."""

    sets: dict[str, Read] = field(default_factory=dict)
    barred: str = "(?!)"


NOTHING = Vocabulary()


def vocabulary(sets: dict[str, list[str]]) -> Vocabulary:
    """The sets of a language; `never` is the one of the words that no gap skips."""
    barred = "|".join(fold(word) for word in sets["never"])
    return Vocabulary({name: _either([read(text, NOTHING) for text in texts]) for name, texts in sets.items()}, barred)


@dataclass(frozen=True)
class Part:
    """A stretch of a phrase: its pattern, and the keys of the words that it begins with."""

    text: str
    begins: frozenset[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first needed: there are hundreds, and a note meets few."""
        return re.compile(self.text + "(?= |$)")


def fold(text: str) -> str:
    """Text without case, accents and typographic apostrophes."""
    told = text.replace("\u2019", "'").replace("\u2018", "'").casefold().replace("ñ", "ny")
    told = re.sub(r"\bsí\b", "yes", told)  # not the Spanish "si", which makes a possibility of what follows
    bare = "".join(c for c in unicodedata.normalize("NFKD", told) if not unicodedata.combining(c))
    return bare.replace("œ", "oe").replace("æ", "ae")


def key(word: str) -> str:
    """By which a word finds the phrases that may begin with it."""
    return DIGITS if word[:1].isdigit() else word[:3]


def parts(text: str, words: Vocabulary) -> tuple[Part, ...]:
    """The parts of a phrase, which may stand in any order."""
    out = []
    for part in re.split(" [&+] ", text.removeprefix("! ")):
        pattern, begins, empty = read(part, words)
        assert not empty, text
        out.append(Part(pattern, begins))
    return tuple(out)


def read(text: str, words: Vocabulary) -> Read:
    """A phrase of one part."""
    out, rest = _choice(list(PIECE.finditer(text)), words)
    assert not rest, text
    return out


def _choice(pieces: list[re.Match[str]], words: Vocabulary) -> tuple[Read, list[re.Match[str]]]:
    """Alternatives up to a closing bracket or the end, and what follows."""
    found = []
    while True:
        one, pieces = _sequence(pieces, words)
        found.append(one)
        if not pieces or pieces[0].group() != "|":
            return _either(found), pieces
        pieces = pieces[1:]


def _sequence(pieces: list[re.Match[str]], words: Vocabulary) -> tuple[Read, list[re.Match[str]]]:
    pattern, begins, empty = "", frozenset[str](), True
    while pieces and pieces[0].group() != "|" and not pieces[0]["close"]:
        piece, pieces = pieces[0], pieces[1:]
        if piece["open"]:
            (inner, first, nothing), pieces = _choice(pieces, words)
            optional, pieces = piece["open"] == "[", pieces[1:]
            one = f"{inner}?" if optional else inner, first, nothing or optional
        elif piece["set"]:
            one = words.sets[piece["set"]]
        else:
            one = _word(piece, words)
        pattern += one[0]
        begins |= one[1] if empty else frozenset()
        empty = empty and one[2]
    return (pattern, begins, empty), pieces


def _either(found: list[Read]) -> Read:
    pattern = "(?:" + "|".join(one[0] for one in found) + ")"
    return pattern, frozenset[str]().union(*(one[1] for one in found)), any(one[2] for one in found)


def _word(piece: re.Match[str], words: Vocabulary) -> Read:
    text = piece.group()
    if text in GAPS:
        return f"(?: (?!(?:{words.barred})\\b)[^ ,]+){{0,{GAPS[text]}}}?", frozenset(), True
    if text in NUMBERS:
        return NUMBERS[text], frozenset({DIGITS}), False
    word, written_out = fold(piece["word"]), fold(UMLAUT.sub(r"\1e", piece["word"]))  # "fühle", "fuehle"
    assert not piece["stem"] or len(word) > 2 or word.isdigit(), f"{text}: a stem has three letters"
    pattern = word if word == written_out else f"(?:{word}|{written_out})"
    return f" {pattern}" + (r"\w*" if piece["stem"] else r"\b"), frozenset({key(word), key(written_out)}), False
