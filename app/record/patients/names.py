"""Patients by name: in any order, whatever the accents, and with a slip of the keys.

Names are kept under a key, so that the database can neither search nor sort them. A clinic's names are therefore held
opened in memory, and read again when one was added, changed or erased: the database is asked each time.
"""

import asyncio
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.memory import ClinicMemory
from app.base.store.typed import col
from app.record.patients.tables import Patient

MOST = 200_000  # names held, of all clinics together
MOST_FOUND = 2000  # of whom a query is asked
SLIPS = ((8, 2), (4, 1))  # letters that a word must have at least, and how many slips are then forgiven
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
NamesState = tuple[int, int, UUID | None]


@dataclass(frozen=True, slots=True)
class Named:
    """A patient's name, and its words as they are compared."""

    id: UUID
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class ClinicNames:
    """All names of one clinic as of a state of the database, sorted as a list of people is."""

    state: NamesState
    people: tuple[Named, ...]

    def matching(self, sought: str) -> list[UUID]:
        """Who is called so: each word sought is in the name, as the beginning or a part of a word or nearly so.

        Those in which every word is found as it was written come first; among equals by name.
        """
        asked = folded(sought)
        if not asked:  # nothing but signs
            return []
        ranked = [(rank, one.id) for one in self.people if (rank := _rank(asked, one.words)) is not None]
        return [patient_id for _, patient_id in sorted(ranked, key=lambda pair: pair[0])]


_held: ClinicMemory[str, ClinicNames] = ClinicMemory(MOST, lambda one: max(1, len(one.people)))


async def names_of_clinic(connection: AsyncConnection, clinic_id: UUID) -> ClinicNames:
    """The clinic's names as of now; whoever asks may see all of them, or takes those within reach."""
    state = await _state(connection, clinic_id)
    held = _held.get(clinic_id, "names")
    if held is not None and held.state == state:
        return held
    query = select(col(Patient.id), col(Patient.name)).where(col(Patient.clinic_id) == clinic_id)
    found = [(patient_id, name) for patient_id, name in (await connection.execute(query)).all()]
    made = await asyncio.to_thread(_sorted, state, found)
    _held.put(clinic_id, "names", made)
    return made


def folded(text: str) -> tuple[str, ...]:
    """The words of a text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    letters = (" " if not one.isalnum() else one for one in plain if not unicodedata.combining(one))
    return tuple("".join(letters).split())


async def _state(connection: AsyncConnection, clinic_id: UUID) -> NamesState:
    """What differs after any name was added, changed or erased: ids only grow, versions too."""
    of_clinic = col(Patient.clinic_id) == clinic_id
    newest = select(col(Patient.id)).where(of_clinic).order_by(col(Patient.id).desc()).limit(1).scalar_subquery()
    query = select(func.count(), func.coalesce(func.sum(col(Patient.version)), 0), newest).where(of_clinic)
    many, versions, last = (await connection.execute(query)).one()
    return many, versions, last


def _sorted(state: NamesState, found: list[tuple[UUID, str]]) -> ClinicNames:
    people = (Named(patient_id, name, folded(name)) for patient_id, name in found)
    return ClinicNames(state, tuple(sorted(people, key=lambda one: (one.words, one.name, one.id))))


def _rank(asked: tuple[str, ...], words: tuple[str, ...]) -> int | None:
    """How far the words sought are from those of a name, 0 as written; None where one of them is not there."""
    total = 0
    for word in asked:
        distance = min((_distance(word, one) for one in words), default=9)
        if distance == 9:
            return None
        total += distance
    return total


def _distance(word: str, of: str) -> int:
    """0 begins with it, 1 has it inside, 2 and 3 with so many slips less one; 9 is something else."""
    if of.startswith(word):
        return 0
    if word in of:
        return 1
    allowed = next((slips for letters, slips in SLIPS if len(word) >= letters), 0)
    if not allowed:
        return 9
    slips = min(
        DamerauLevenshtein.distance(word, of[: len(word) + more], score_cutoff=allowed)
        for more in range(-allowed, allowed + 1)
    )
    return 9 if slips > allowed else 1 + slips
