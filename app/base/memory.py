"""What a process remembers between calls, by clinic first.

Ids and ETags are unique within a clinic and no further: a record is carried over with its ids, so two clinics may hold rows
of equal ids. Whatever outlives a call in a process is therefore kept here, or under a secret that one caller alone knows.
"""

from collections.abc import Callable, Hashable
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID
from weakref import WeakSet

from cachetools import LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_every_one: "WeakSet[ClinicMemory[Hashable, object]]" = WeakSet()


class ClinicMemory(Generic[K, V]):
    """Holds the values used last, under their clinic and a key; may be used from any thread.

    Args:
        most: how much is held in all clinics together, in the unit of `size`.
        size: of one value; each counts 1 where it is left out.
    """

    def __init__(self, most: int, size: Callable[[V], int] | None = None) -> None:
        self._held: LRUCache[tuple[UUID, K], V] = LRUCache(most, size)
        self._lock = Lock()
        _every_one.add(self)  # type: ignore[arg-type]  # only ever told to forget a clinic

    def get(self, clinic_id: UUID, key: K) -> V | None:
        """What the clinic holds under the key."""
        with self._lock:
            return self._held.get((clinic_id, key))

    def take(self, clinic_id: UUID, key: K) -> V | None:
        """The same, and holds it no longer: whoever takes it has it alone until it is put back."""
        with self._lock:
            return self._held.pop((clinic_id, key), None)

    def put(self, clinic_id: UUID, key: K, value: V) -> None:
        """Holds a value; one that is larger than all the room there is, is not held."""
        with self._lock, suppress(ValueError):
            self._held[clinic_id, key] = value

    def forget(self, clinic_id: UUID) -> None:
        """Lets everything of a clinic go."""
        with self._lock:
            for key in [key for key in self._held if key[0] == clinic_id]:
                del self._held[key]


def forget(clinic_id: UUID) -> None:
    """Lets every memory of this process go of a clinic, as when a patient's record was erased."""
    for memory in list(_every_one):
        memory.forget(clinic_id)
