"""What the engine left behind of the procedures that were asked about last, so that one new entry costs it one step."""

from threading import Lock
from uuid import UUID

from cachetools import LRUCache

from app.relief import Kept

MOST = 64  # procedures a process; each holds under a megabyte for a diary of a year


class Memory:
    """Holds the newest; whoever takes one has it alone until it is given back.

    Its keys begin with the clinic: a record is carried over with its ids, so two clinics may hold a procedure of one id.
    """

    def __init__(self, most: int = MOST) -> None:
        self._held: LRUCache[tuple[UUID, UUID], Kept] = LRUCache(most)
        self._lock = Lock()

    def take(self, clinic_id: UUID, procedure_id: UUID) -> Kept:
        """What is held of a procedure, or an empty one."""
        with self._lock:
            return self._held.pop((clinic_id, procedure_id), None) or Kept()

    def give(self, clinic_id: UUID, procedure_id: UUID, kept: Kept) -> None:
        """Takes it back for the next question."""
        with self._lock:
            self._held[clinic_id, procedure_id] = kept


memory = Memory()
