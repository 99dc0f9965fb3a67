"""What the engine left behind of the procedures that were asked about last, so that one new entry costs it one step."""

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from app.relief import Kept

MOST = 64  # procedures a process; each holds under a megabyte for a diary of a year


class Memory:
    """Holds the newest; whoever takes one has it alone until it is given back."""

    def __init__(self, most: int = MOST) -> None:
        self._held: OrderedDict[UUID, Kept] = OrderedDict()
        self._lock, self._most = Lock(), most

    def take(self, procedure_id: UUID) -> Kept:
        """What is held of a procedure, or an empty one."""
        with self._lock:
            return self._held.pop(procedure_id, None) or Kept()

    def give(self, procedure_id: UUID, kept: Kept) -> None:
        """Takes it back for the next question."""
        with self._lock:
            self._held[procedure_id] = kept
            while len(self._held) > self._most:
                self._held.popitem(last=False)


memory = Memory()
