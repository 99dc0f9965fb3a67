"""Patients by name: in any order, whatever the accents, and with a slip of the keys.

Names are kept under a key, so that the database can neither search nor sort them. A clinic's names are therefore held
opened in memory, and read again when one was added, changed or erased: the database is asked each time.
"""

import asyncio
import unicodedata
from dataclasses import dataclass
from uuid import UUID

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
UNREADABLE = "(name can't be read)"
SLIPS = ((8, 2), (4, 1))  # letters that a word must have at least, and how many slips are then forgiven
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Named:
    """A patient's name, and its words as they are compared."""

    id: UUID
    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class ClinicNames:
    """All names of one clinic at a version, sorted as a list of people is."""

    version: int
    people: tuple[Named, ...]

    def matching(self, sought: str) -> list[UUID]:
        """Who is called so: each word sought is in the name, as the beginning or a part of a word or nearly so.

        Those in which every word is found as it was written come first; among equals by name.
        """
        asked = tuple(sorted(set(folded(sought)), key=len, reverse=True))[:WORDS]
        if not asked:  # nothing but signs
            return []
        ranked = [(rank, one.id) for one in self.people if (rank := _rank(asked, one.words)) is not None]
        return [patient_id for _, patient_id in sorted(ranked, key=lambda pair: pair[0])]


_held: ClinicMemory[str, ClinicNames] = ClinicMemory(MOST, lambda one: max(1, len(one.people)))


async def names_of_clinic(connection: AsyncConnection, clinic_id: UUID) -> ClinicNames:
    """The clinic's names as of now; whoever asks may see all of them, or takes those within reach."""
    this = select(col(ClinicNamesVersion.version)).where(col(ClinicNamesVersion.clinic_id) == clinic_id)
    version = (await connection.execute(this)).scalar_one_or_none() or 0
    held = _held.get(clinic_id, "names")
    if held is not None and held.version == version:
        return held
    kept = type_coerce(col(Patient.name), Text())
    query = select(col(Patient.id), kept).where(col(Patient.clinic_id) == clinic_id)
    found = (await connection.execute(query)).all()
    ring = ring_in_use(connection.dialect)
    made = await asyncio.to_thread(_sorted, version, [(one, clinic_id, name) for one, name in found], ring)
    if all(one.name != UNREADABLE for one in made.people):  # its key may come in a moment
        _held.put(clinic_id, "names", made)
    return made


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


def _sorted(version: int, found: list[tuple[UUID, UUID, str]], ring: KeyRing) -> ClinicNames:
    opened = (
        (patient_id, _opened(ring, kept, clinic_id=clinic_id, patient_id=patient_id))
        for patient_id, clinic_id, kept in found
    )
    people = (Named(patient_id, name, folded(name)) for patient_id, name in opened)
    return ClinicNames(version, tuple(sorted(people, key=lambda one: (one.words, one.name, one.id))))


def _opened(ring: KeyRing, kept: str, *, clinic_id: UUID, patient_id: UUID) -> str:
    """A name; one that can't be read is told as such, and does not hide the others."""
    try:
        return ring.open(kept, f"patient.name|{row_key((clinic_id, patient_id))}")
    except CellError:
        return UNREADABLE


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
