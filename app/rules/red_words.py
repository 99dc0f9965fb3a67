"""The red flags that a note speaks of, in the patient's own words: the phrases of `red_flags.toml`, and what denies them.

A note is read sentence by sentence, by whole words, in every language at once, for people mix them. A phrase does not count
where it is denied ("no fever"), over ("the fever is gone"), a possibility ("if I get a fever"), somebody else's ("my son has
a fever") or of long ago. What is found is a guess: the patient is asked, and a person reads the note. Pure.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from app.rules.phrases import NOTHING, PhrasePart, fold, key, parts, read, telling, vocabulary

ENDS = re.compile(r"[.!?;\n]+(?!\d)")
PAUSES = re.compile(r"[,:](?!\d)|[()]|\s[-–—]+\s|[–—]")
JOINS = re.compile(r"(?<=\w)'(?=(?:t|s|m|re|ve|ll|d)\b)")  # "can't" is one word, "d'eau" two
DEGREES = re.compile(r"(?<=\d)\s*(?:°\s*[cf]?|[cf])\b|(?<=\d)\s*°")
GOES_ON = re.compile(r"[.!\n]+\s*(?=(?:he|she|they|er|sie|il|elle|ils|elles)\b)")  # "My brother rang. He has a fever."
ANSWERED = re.compile(r"\?\s*(?=(?:no|none|nope|nein|keins?|keine|non|aucune?|ninguna?|nada)\b)")
WORD = re.compile(" ([^ ]+)")
WORDS = re.compile(r"\d+(?:[.,]\d+)?|\w+|,")
NEAR = 90  # characters on either side of a phrase in which its denial is looked for
MOST_TRIED = 4_000  # phrases tried in one note: four times what a long one needs; what lies beyond is not read
UNREAD = frozenset({"unread"})  # the sign of a note that was not read, or not to its end
MOST_DENIED = 8  # denials of one sign that are heeded in one note; it bounds the work, and who says so much is asked


@dataclass(frozen=True)
class Phrase:
    """What people say for a sign: all its parts stand in one sentence, of a `near` one in one clause.

    A `blunt` one says no itself ("no air"), so that a no before a part of it denies nothing.
    """

    sign: str
    parts: tuple[PhrasePart, ...]
    near: bool
    blunt: bool


class PhrasePlace(NamedTuple):
    """Where a part of a phrase may begin: which, and the words that must stand in the clause and in the sentence."""

    number: int
    at: int
    clause: tuple[frozenset[str], ...]
    sentence: tuple[frozenset[str], ...]

    def may_be(self, clause: set[str], sentence: set[str]) -> bool:
        """Whether they do; it spares most of the trying."""
        for one in self.clause:  # a loop takes half the time, and this is most of what reading a note takes
            if clause.isdisjoint(one):
                return False
        return not self.sentence or not any(sentence.isdisjoint(one) for one in self.sentence)


@dataclass(frozen=True)
class Denials:
    """How people take a sign back; of all languages. A list is a denial that goes on, and what ends it.

    Where a sign has `begun` since ("no fever until today"), its no is of before.
    """

    no: re.Pattern[str]
    before: tuple[re.Pattern[str], ...]
    others: re.Pattern[str]
    lists: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    ors: re.Pattern[str]
    begun: re.Pattern[str]
    over: re.Pattern[str]
    answered: re.Pattern[str]
    past: re.Pattern[str]


@dataclass(frozen=True)
class Grammar:
    """The phrases, where those are that may begin with a word, and what takes them away."""

    phrases: tuple[Phrase, ...]
    places: dict[str, list[PhrasePlace]]
    unless: dict[str, list[tuple[PhrasePart, ...]]]
    denials: Denials


@dataclass
class _Found:
    """What is known of a note so far: its signs, how often each was denied, and how much was tried."""

    signs: set[str] = field(default_factory=set)
    denied: Counter[str] = field(default_factory=Counter)
    tried: int = 0


@cache
def table() -> dict[str, Any]:  # as tomllib gives it
    """The rules, phrases and denials of `red_flags.toml`."""
    return tomllib.loads((files(__package__) / "red_flags.toml").read_text("utf-8"))


def said(note: str | None) -> frozenset[str]:
    """The signs that a note may speak of; `unread` where it is so long that not all of it was read."""
    return read_note(note or "")[0]


def read_note(note: str) -> tuple[frozenset[str], int]:
    """The signs that a note may speak of, and how many phrases were tried."""
    found = _Found()
    for sentence in sentences(note):
        _read(sentence, grammar(), found)
    return frozenset(found.signs | (UNREAD if found.tried > MOST_TRIED else set())), found.tried


def sentences(note: str) -> list[str]:
    """Each sentence as folded words, a blank before each; a comma stands for every pause."""
    text = DEGREES.sub(" degrees ", GOES_ON.sub(" , ", ANSWERED.sub(" , ", fold(note))))
    pieces = (WORDS.findall(PAUSES.sub(" , ", one)) for one in ENDS.split(JOINS.sub("", text)))
    return [" " + " ".join(words) for words in pieces if words]


def _read(sentence: str, grammar: Grammar, found: _Found) -> None:
    met: dict[tuple[int, int], set[int]] = {}
    harmless = cache(lambda sign: _is_harmless(sentence, sign, grammar))
    taken_back = cache(lambda start, end, blunt: _is_denied(sentence, start, end, blunt=blunt, denials=grammar.denials))
    for clause, start, number, at in _places(sentence, grammar):
        phrase = grammar.phrases[number]
        stretch = number, clause if phrase.near else 0
        whole = met.get(stretch, set())
        if phrase.sign in found.signs or at in whole:
            continue
        found.tried += 1
        if found.tried > MOST_TRIED:
            return
        match = phrase.parts[at].pattern.match(sentence, start)
        if match is None:
            continue
        if found.denied[phrase.sign] < MOST_DENIED and taken_back(start, match.end(), phrase.blunt):
            found.denied[phrase.sign] += 1
            continue
        met[stretch] = whole | {at}
        if len(whole) + 1 == len(phrase.parts) and not harmless(phrase.sign):
            found.signs.add(phrase.sign)


def _places(sentence: str, grammar: Grammar) -> Iterator[tuple[int, int, int, int]]:
    """Where parts of phrases may begin: clause, place, phrase and part; of those whose words all stand where they must."""
    clauses: list[list[tuple[int, str]]] = [[]]
    for found in WORD.finditer(sentence):
        if found[1] == ",":
            clauses.append([])
        else:
            clauses[-1].append((found.start(), key(found[1])))
    everywhere = {word for words in clauses for _, word in words}
    for clause, words in enumerate(clauses):
        here = {word for _, word in words}
        may_be = {word: [one for one in grammar.places.get(word, ()) if one.may_be(here, everywhere)] for word in here}
        for start, word in words:
            for place in may_be[word]:
                yield clause, start, place.number, place.at


def _is_harmless(sentence: str, sign: str, grammar: Grammar) -> bool:
    return any(all(part.pattern.search(sentence) for part in one) for one in grammar.unless.get(sign, ()))


def _is_denied(sentence: str, start: int, end: int, *, blunt: bool, denials: Denials) -> bool:
    before, after = sentence[max(0, start - NEAR) : start], sentence[end : end + NEAR]
    clause = before[before.rfind(" ,") + 2 :] if " ," in before else before
    return (
        any(one.search(clause) for one in denials.before)
        or denials.others.search(before) is not None
        or denials.over.match(after) is not None
        or denials.past.search(clause + sentence[start:end] + after.split(" ,")[0]) is not None
        or (not blunt and denials.begun.search(after) is None and _is_negated(clause, after, denials))
        or any(_is_listed(before, after, one=one, ors=denials.ors) for one in denials.lists[blunt:])
    )


def _is_negated(clause: str, after: str, denials: Denials) -> bool:
    return (denials.no.search(clause) or denials.answered.match(after)) is not None


def _is_listed(before: str, after: str, *, one: tuple[re.Pattern[str], re.Pattern[str]], ors: re.Pattern[str]) -> bool:
    """Whether a denial goes on through a list ("no fever, hives or swelling"): it has an "or", and nothing ends it."""
    begun, stops = one
    listed = begun.search(before)
    if listed is None or stops.search(listed["list"]):
        return False
    return ors.search(listed["list"] + stops.split(after, maxsplit=1)[0]) is not None


@cache
def grammar() -> Grammar:
    """The phrases and denials of the table, ready to be read with."""
    data = table()
    words = {language: vocabulary(sets) for language, sets in data["sets"].items()}
    phrases = [
        Phrase(rule["sign"], parts(text, words[language]), near=" + " in text, blunt=text.startswith("! "))
        for rule in data["rule"]
        for language, texts in rule.get("words", {}).items()
        for text in texts
    ]
    unless: dict[str, list[tuple[PhrasePart, ...]]] = {}
    for rule in data["rule"]:
        for language, texts in rule.get("unless", {}).items():
            unless.setdefault(rule["sign"], []).extend(parts(text, words[language]) for text in texts)
    places: dict[str, list[PhrasePlace]] = {}
    for number, phrase in enumerate(phrases):
        for at, part in enumerate(phrase.parts):
            for begin in sorted(part.begins):
                places.setdefault(begin, []).append(_place(number, phrase, at=at, begin=begin))
    return Grammar(tuple(phrases), places, unless, _denials(data["denied"]))


def _place(number: int, phrase: Phrase, *, at: int, begin: str) -> PhrasePlace:
    everything = {one for part in phrase.parts for one in part.needs if begin not in one}
    here = everything if phrase.near else {one for one in phrase.parts[at].needs if begin not in one}
    return PhrasePlace(number, at, _in_order(here), _in_order(everything - here))


def _in_order(needs: set[frozenset[str]]) -> tuple[frozenset[str], ...]:
    return tuple(sorted(needs, key=telling))


def _denials(data: dict[str, dict[str, list[str]]]) -> Denials:
    def any_of(name: str) -> str:
        return (
            "(?:"
            + "|".join(read(text, NOTHING).pattern for words in data.values() for text in words[name])
            + ")(?= |$)"
        )

    def run(cue: str, through: str) -> re.Pattern[str]:
        return re.compile(f"{any_of(cue)}(?:{any_of(through)}){{0,8}}$")

    def listed(cue: str, through: str) -> re.Pattern[str]:
        first = any_of(cue)
        return re.compile(f"{first}(?:{any_of(through)})*(?P<list>(?:(?!{first}) [^ ]+){{0,12}})$")

    theirs = f"(?:(?!{any_of('own')}) [^ ,]+){{0,8}}"
    others = re.compile(f"{any_of('other')}{theirs}(?: ,{any_of('third')}{theirs})?$")
    passed = f"(?:{any_of('over_pass')}){{0,6}}"
    return Denials(
        no=run("no", "pass"),
        before=(run("if", "if_pass"), run("other", "other_pass")),
        others=others,
        lists=(
            (listed("no", "pass"), re.compile(any_of("stop"))),
            (listed("if", "if_pass"), re.compile(any_of("if_stop"))),
        ),
        ors=re.compile(any_of("or")),
        over=re.compile(f"{passed}{any_of('over')}(?!{any_of('not_over')})(?!(?: [^ ]+){{0,6}}{any_of('back')})"),
        answered=re.compile(f"(?:{passed}{any_of('answer')}| ,{any_of('answer')})(?= ,|$)"),
        past=re.compile(any_of("past")),
        begun=re.compile(f"{any_of('begun')}(?= ,|$)"),
    )
