"""A small language for what people say, and its patterns; `red_flags.toml` explains it at its top. Pure.

Patterns are matched on folded sentences: words with one blank before each, a comma standing for every pause.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

GAPS = {"..": 3, "...": 6}  # words
HOT = r" (?:(?:3[89]|4[0-2])(?:[.,]\d{1,2})?|100[.,][4-9]\d?|10[1-8](?:[.,]\d{1,2})?)"  # from 38 °C or 100.4 °F on
PIECE = re.compile(
    r"\.{2,3}|<(?:hot|fever)>|\{(?P<set>\w+)\}|(?P<word>\w+)(?P<stem>\*?)|(?P<open>[(\[])|(?P<close>[)\]])|\|"
)
FEVER = r" (?:3[89]|4[0-2])[.,]\d"  # as people read it off, so that it is hardly anything else
UMLAUT = re.compile("([äöüÄÖÜ])")
NUMBERS = {"<hot>": HOT, "<fever>": FEVER}
DIGITS = "#"
Needs = frozenset[frozenset[str]]
"""The keys of words without which a pattern can't match: of each set, one at least."""


class CompiledPhrase(NamedTuple):
    """A pattern, the keys of the words that it begins with, whether it may be empty, and the words that it needs."""

    pattern: str
    begins: frozenset[str]
    empty: bool
    needs: Needs = frozenset()


@dataclass(frozen=True)
class Vocabulary:
    """What the phrases of a language share: its sets, and the words that no gap skips."""

    sets: dict[str, CompiledPhrase] = field(default_factory=dict)
    barred: str = "(?!)"


NOTHING = Vocabulary()


def vocabulary(sets: dict[str, list[str]]) -> Vocabulary:
    """The sets of a language; `never` is the one of the words that no gap skips."""
    barred = "|".join(fold(word) for word in sets["never"])
    return Vocabulary({name: _either([read(text, NOTHING) for text in texts]) for name, texts in sets.items()}, barred)


@dataclass(frozen=True)
class PhrasePart:
    """A stretch of a phrase: its pattern, the keys of the words that it begins with, and of those that it needs."""

    text: str
    begins: frozenset[str]
    needs: Needs

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


def parts(text: str, words: Vocabulary) -> tuple[PhrasePart, ...]:
    """The parts of a phrase, which may stand in any order."""
    out = []
    for part in re.split(" [&+] ", text.removeprefix("! ")):
        found = read(part, words)
        assert not found.empty, text
        out.append(PhrasePart(found.pattern, found.begins, found.needs))
    return tuple(out)


def read(text: str, words: Vocabulary) -> CompiledPhrase:
    """A phrase of one part."""
    out, rest = _choice(list(PIECE.finditer(text)), words)
    assert not rest, text
    return out


def _choice(pieces: list[re.Match[str]], words: Vocabulary) -> tuple[CompiledPhrase, list[re.Match[str]]]:
    """Alternatives up to a closing bracket or the end, and what follows."""
    found = []
    while True:
        one, pieces = _sequence(pieces, words)
        found.append(one)
        if not pieces or pieces[0].group() != "|":
            return _either(found), pieces
        pieces = pieces[1:]


def _sequence(pieces: list[re.Match[str]], words: Vocabulary) -> tuple[CompiledPhrase, list[re.Match[str]]]:
    out = CompiledPhrase("", frozenset(), empty=True)
    while pieces and pieces[0].group() != "|" and not pieces[0]["close"]:
        piece, pieces = pieces[0], pieces[1:]
        if piece["open"]:
            one, pieces = _choice(pieces, words)
            if piece["open"] == "[":
                one = CompiledPhrase(f"{one.pattern}?", one.begins, empty=True)
            pieces = pieces[1:]
        elif piece["set"]:
            one = words.sets[piece["set"]]
        else:
            one = _word(piece, words)
        begins = out.begins | (one.begins if out.empty else frozenset())
        out = CompiledPhrase(out.pattern + one.pattern, begins, out.empty and one.empty, out.needs | one.needs)
    return out, pieces


def _either(found: list[CompiledPhrase]) -> CompiledPhrase:
    pattern = "(?:" + "|".join(one.pattern for one in found) + ")"
    begins = frozenset[str]().union(*(one.begins for one in found))
    needs = found[0].needs if len(found) == 1 else frozenset[frozenset[str]]()
    if len(found) > 1 and all(one.needs for one in found):  # of each choice its most telling word
        needs = frozenset({frozenset[str]().union(*(min(one.needs, key=telling) for one in found))})
    return CompiledPhrase(pattern, begins, any(one.empty for one in found), needs)


def telling(keys: frozenset[str]) -> tuple[int, int, list[str]]:
    """Sorts first what the fewest sentences hold: few words, and long ones."""
    return len(keys), -min(len(one) for one in keys), sorted(keys)


def _word(piece: re.Match[str], words: Vocabulary) -> CompiledPhrase:
    text = piece.group()
    if text in GAPS:
        return CompiledPhrase(f"(?: (?!(?:{words.barred})\\b)[^ ,]+){{0,{GAPS[text]}}}?", frozenset(), empty=True)
    if text in NUMBERS:
        return CompiledPhrase(NUMBERS[text], frozenset({DIGITS}), False, frozenset({frozenset({DIGITS})}))
    word, written_out = fold(piece["word"]), fold(UMLAUT.sub(r"\1e", piece["word"]))  # "fühle", "fuehle"
    assert not piece["stem"] or len(word) > 2 or word.isdigit(), f"{text}: a stem has three letters"
    pattern = word if word == written_out else f"(?:{word}|{written_out})"
    keys = frozenset({key(word), key(written_out)})
    return CompiledPhrase(f" {pattern}" + (r"\w*" if piece["stem"] else r"\b"), keys, False, frozenset({keys}))
