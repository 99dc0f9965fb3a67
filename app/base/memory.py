"""In-process caches, keyed by clinic first.

Ids and ETags are unique only within a clinic: a record is carried over with its ids, so two clinics may hold rows with
equal ids. Whatever outlives a call is therefore cached here, or under a secret that only one caller knows.
"""

from collections.abc import Callable, Hashable
from contextlib import suppress
from threading import Lock
from typing import Generic, Protocol, TypeVar
from uuid import UUID
from weakref import WeakSet

from cachetools import LRUCache

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class HoldsClinics(Protocol):
    """What holds something of clinics between calls, and can let go of one."""

    def forget(self, clinic_id: UUID) -> None:
        """Removes everything of a clinic."""


_every_one: "WeakSet[HoldsClinics]" = WeakSet()


def join(one: HoldsClinics) -> None:
    """Has it told of each clinic that is to be forgotten."""
    _every_one.add(one)


class ClinicMemory(Generic[K, V]):
    """A least-recently-used cache keyed by clinic and key; thread-safe.

    Args:
        most: how much is held in all clinics together, in the unit of `size`.
        size: of one value; each counts 1 where it is left out.
    """

    def __init__(self, most: int, size: Callable[[V], int] | None = None) -> None:
        self._held: LRUCache[tuple[UUID, K], V] = LRUCache(most, size)
        self._lock = Lock()
        join(self)

    def get(self, clinic_id: UUID, key: K) -> V | None:
        """The clinic's value for the key, or None."""
        with self._lock:
            return self._held.get((clinic_id, key))

    def take(self, clinic_id: UUID, key: K) -> V | None:
        """Removes and returns the value, or None: no other caller gets it until it is put back."""
        with self._lock:
            return self._held.pop((clinic_id, key), None)

    def put(self, clinic_id: UUID, key: K, value: V) -> None:
        """Caches a value; one that is larger than the whole cache is not kept."""
        with self._lock, suppress(ValueError):
            self._held[clinic_id, key] = value

    def forget(self, clinic_id: UUID) -> None:
        """Removes everything of a clinic."""
        with self._lock:
            for key in [key for key in self._held if key[0] == clinic_id]:
                del self._held[key]


def forget(clinic_id: UUID) -> None:
    """Removes a clinic from every cache of this process, as when a patient's record was erased."""
    for memory in list(_every_one):
        memory.forget(clinic_id)
