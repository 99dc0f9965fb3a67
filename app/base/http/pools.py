"""Threads in small pools: each kind of work whose size a caller sets has a pool of its own, and a queue that ends.

What runs here is bounded before it begins; the time limit ends the wait of the call, not the thread.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import TypeVar
from uuid import UUID

from app.base.http.problems import Problem

T = TypeVar("T")
BUSY = "Too many people ask for this at the moment; try again in a few seconds."
TOO_LONG = "This takes too long at the moment; try again later."


class Pool:
    """A few threads, and a queue of bounded length.

    Args:
        threads: how many pieces of work run at once.
        waiting: how many more may wait.
        seconds: how long a call waits for its piece.

    One clinic takes at most half of the room, so that there is some for the others whatever it asks for.
    """

    def __init__(self, name: str, *, threads: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = BoundedSemaphore(threads + waiting)
        self._share = (threads + waiting) // 2
        self._taken: Counter[UUID] = Counter()  # by clinic
        self._lock = Lock()
        self._seconds = seconds

    async def run(self, work: Callable[[], T], *, clinic_id: UUID | None = None) -> T:
        """The result of the work; `clinic_id` is who asks for it, where that is known.

        Raises:
            Problem: 429 where the queue, or the clinic's share of it, is full, 503 where the time is over.
        """
        if not self._take(clinic_id):
            raise Problem(429, BUSY, headers={"Retry-After": "2"})
        piece = self._threads.submit(work)
        piece.add_done_callback(lambda _piece: self._done(clinic_id))
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(piece)
        except TimeoutError:
            raise Problem(503, TOO_LONG, headers={"Retry-After": "30"}) from None

    def _take(self, clinic_id: UUID | None) -> bool:
        """Whether there was room; it is taken then."""
        with self._lock:
            if clinic_id is not None and self._taken[clinic_id] >= self._share:
                return False
            if not self._room.acquire(blocking=False):
                return False
            if clinic_id is not None:
                self._taken[clinic_id] += 1
            return True

    def _done(self, clinic_id: UUID | None) -> None:
        with self._lock:
            self._room.release()
            if clinic_id is not None:
                self._taken[clinic_id] -= 1
                self._taken += Counter()  # which forgets who has nothing


QUICK = Pool("quick", threads=2, waiting=60, seconds=5)  # rules of slots, policies
HEAVY = Pool("whole", threads=2, waiting=10, seconds=60)  # a whole record, a whole cohort
