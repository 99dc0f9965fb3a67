"""Patients by name, in any order, whatever the accents, and with a slip of the keys; by day of birth; by number.

Names are kept under a key, so that the database can neither search nor sort them. A clinic's names are therefore held
opened in memory, and read again when one was added, changed or erased: the database is asked each time.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

import numpy as np
from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.memory import ClinicMemory
from app.base.store.keys import CellError, KeyRing
from app.base.store.sealed import ring_in_use, row_key
from app.base.store.typed import col, table
from app.record.patients.tables import ClinicNamesVersion, Patient

MOST = 200_000  # names held, of all clinics together
MOST_FOUND = 20_000  # of whom a query is asked: as many values as both databases take in one
WORDS = 8  # of what is sought
FAR = 9  # of a word that is something else
WHOLE = "="  # before what is no part of a name: it is not found by its beginning, nor with a slip
DAY = re.compile(r"(?<!\d)(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})([./])(\d{1,2})\5(\d{4}))(?!\d)")
UNREADABLE = "(name can't be read)"
SLIPS = ((8, 2), (4, 1))  # letters that a word must have at least, and how many slips are then forgiven
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
IN_WORDS = re.compile(
    rf"\b(\d{{1,2}})\.? ({'|'.join(MONTHS)})[a-z]*\.? (\d{{4}})\b", re.IGNORECASE
)  # as pages write days
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Named:
    """What a patient is found by: the name and its words as they are compared, the day of birth, the clinic's number."""

    id: UUID
    name: str
    words: tuple[str, ...]
    born_on: date = date.min
    mrn: str | None = None

    @property
    def sought_by(self) -> tuple[str, ...]:
        """The words of the name, the number, and the year of birth, which is sought as a whole."""
        number = () if self.mrn is None else ("".join(folded(self.mrn)), *folded(self.mrn))
        return (*self.words, *number, f"{WHOLE}{self.born_on.year}")


class WordIndex:
    """Words with the letters of each as bits: what lacks too many of the letters that are sought is passed over at once."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._letters = np.array([_letters(one) for one in words], dtype=np.uint64)

    def near(self, word: str) -> dict[str, int]:
        """The words that are meant by one, each with its distance."""
        allowed = next((slips for letters, slips in SLIPS if len(word) >= letters), 0)
        missing = np.bitwise_count(np.uint64(_letters(word)) & ~self._letters)  # each is a slip at least
        likely = (self._words[place] for place in np.flatnonzero(missing <= allowed))
        return {one: distance for one in likely if (distance := _distance(word, one, allowed)) < FAR}


def _letters(word: str) -> int:
    bits = 0
    for one in word:
        bits |= 1 << (ord(one) % 64)
    return bits


@dataclass(frozen=True)
class ClinicNames:
    """All names of one clinic at a version, sorted as a list of people is."""

    version: int
    people: tuple[Named, ...]

    @cached_property
    def _words(self) -> tuple[tuple[str, ...], ...]:
        return tuple(one.sought_by for one in self.people)

    @cached_property
    def _whose(self) -> dict[str, list[int]]:
        """The places of those who have a word, by word."""
        whose: dict[str, list[int]] = {}
        for place, words in enumerate(self._words):
            for word in words:
                whose.setdefault(word, []).append(place)
        return whose

    @cached_property
    def _every_word(self) -> WordIndex:
        return WordIndex([word for word in self._whose if not word.startswith(WHOLE)])

    def matching(self, sought: str) -> list[UUID]:
        """Who is meant: each word sought is in the name, as the beginning or a part of a word or nearly so, or is the
        clinic's number or the year of birth; a day that is sought is the day of birth.

        Those in which every word is found as it was written come first; among equals by name.
        """
        days, rest = born_in(sought)
        asked = tuple(sorted(set(folded(rest)), key=len, reverse=True))[:WORDS]
        if not asked and not days:  # nothing but signs
            return []
        found = [self._every_word.near(word) | {WHOLE + word: 0} for word in asked]
        ranked = [
            (rank, place)
            for place in self._places(found)
            if all(self.people[place].born_on in each for each in days)
            and (rank := _rank(found, self._words[place])) is not None
        ]
        return [self.people[place].id for _, place in sorted(ranked)]

    def _places(self, found: list[dict[str, int]]) -> Iterable[int]:
        """Those who have a word of the ones that the fewest have; everybody where no word is sought."""
        whose = ({place for word in near for place in self._whose.get(word, ())} for near in found)
        return min(whose, key=len, default=range(len(self.people)))

    def equal_to(self, name: str, born_on: date) -> list[Named]:
        """Who is called so, in whatever order and with whatever accents, and was born on that day."""
        words = sorted(folded(name))
        return [one for one in self.people if one.born_on == born_on and sorted(one.words) == words]

    def numbered(self, mrn: str) -> list[Named]:
        """Who has a number, however it is written."""
        return [one for one in self.people if one.mrn is not None and folded(one.mrn) == folded(mrn)]


_held: ClinicMemory[str, ClinicNames] = ClinicMemory(MOST, lambda one: max(1, len(one.people)))


async def names_of_clinic(connection: AsyncConnection, clinic_id: UUID) -> ClinicNames:
    """The clinic's names as of now; whoever asks may see all of them, or takes those within reach."""
    this = select(col(ClinicNamesVersion.version)).where(col(ClinicNamesVersion.clinic_id) == clinic_id)
    version = (await connection.execute(this)).scalar_one_or_none() or 0
    held = _held.get(clinic_id, "names")
    if held is not None and held.version == version:
        return held
    made = await names_within(connection, clinic_id, version)
    if all(one.name != UNREADABLE for one in made.people):  # its key may come in a moment
        _held.put(clinic_id, "names", made)
    return made


async def names_within(connection: AsyncConnection, clinic_id: UUID, version: int = 0) -> ClinicNames:
    """The same as a transaction sees them that has changed some; not held, for it may yet come to nothing."""
    name, mrn = type_coerce(col(Patient.name), Text()), type_coerce(col(Patient.mrn), Text())
    query = select(col(Patient.id), name, mrn, col(Patient.born_on)).where(col(Patient.clinic_id) == clinic_id)
    found = [_Kept(clinic_id, *one) for one in (await connection.execute(query)).all()]
    return await asyncio.to_thread(_sorted, version, found, ring_in_use(connection.dialect))


async def called(connection: AsyncConnection, clinic_id: UUID, sought: str) -> list[UUID]:
    """Who of a clinic is called so, the nearest first; off the loop, for a long list of names takes a while."""
    return await asyncio.to_thread((await names_of_clinic(connection, clinic_id)).matching, sought)


async def names_changed(connection: AsyncConnection, clinic_id: UUID) -> None:
    """Notes in the transaction of a change that a name of the clinic was added, changed or erased."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table(ClinicNamesVersion)).values(clinic_id=clinic_id, version=1)
    more = {"version": col(ClinicNamesVersion.version) + 1}
    await connection.execute(statement.on_conflict_do_update(index_elements=["clinic_id"], set_=more))


def folded(text: str) -> tuple[str, ...]:
    """The words of a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    letters = (" " if not one.isalnum() else one for one in plain if not unicodedata.combining(one))
    return tuple("".join(letters).split())


def born_in(sought: str) -> tuple[list[set[date]], str]:
    """The days in a text, each with all that it may mean, and the rest: 3/4/1951 is in April or in March."""
    days: list[set[date]] = []
    for day, month, year in IN_WORDS.findall(sought):
        if (on := _day(int(year), MONTHS.index(month[:3].lower()) + 1, int(day))) is not None:
            days.append({on})
    for year, month, day, first, sign, second, last in DAY.findall(sought):
        written = [(year, month, day)] if year else [(last, second, first), (last, first, second)]
        if sign == ".":  # wherever dots are written the day comes first
            del written[1]
        meant = {on for parts in written if (on := _day(*map(int, parts))) is not None}
        if meant:
            days.append(meant)
    return days, IN_WORDS.sub(" ", DAY.sub(" ", sought)) if days else sought


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the database holds of a patient, sealed."""

    clinic_id: UUID
    id: UUID
    name: str
    mrn: str | None
    born_on: date

    def opened(self, ring: KeyRing) -> Named:
        """The same in clear; a name that can't be read is told as such, and does not hide the others."""
        name = self._cell(ring, "name", self.name) or UNREADABLE
        mrn = None if self.mrn is None else self._cell(ring, "mrn", self.mrn)
        return Named(self.id, name, folded(name), self.born_on, mrn)

    def _cell(self, ring: KeyRing, column: str, kept: str) -> str | None:
        try:
            return ring.open(kept, f"patient.{column}|{row_key((self.clinic_id, self.id))}")
        except CellError:
            return None


def _sorted(version: int, found: list[_Kept], ring: KeyRing) -> ClinicNames:
    people = (one.opened(ring) for one in found)
    return ClinicNames(version, tuple(sorted(people, key=lambda one: (one.words, one.name, one.id))))


def _rank(asked: list[dict[str, int]], words: tuple[str, ...]) -> int | None:
    """How far the words sought are from those of a person, 0 as written; None where one of them is not there."""
    total = 0
    for near in asked:
        distance = min((near[one] for one in words if one in near), default=FAR)
        if distance == FAR:
            return None
        total += distance
    return total


def _distance(word: str, of: str, allowed: int) -> int:
    """0 begins with it, 1 has it inside, 2 and 3 with so many slips less one; `FAR` is something else."""
    if of.startswith(word):
        return 0
    if word in of:
        return 1
    if not allowed:
        return FAR
    slips = min(
        DamerauLevenshtein.distance(word, of[: len(word) + more], score_cutoff=allowed)
        for more in range(-allowed, allowed + 1)
    )
    return FAR if slips > allowed else 1 + slips
