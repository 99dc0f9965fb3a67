"""Threads in small pools: each kind of work whose size a caller sets has a pool of its own, and a queue that ends.

What runs here is bounded before it begins; the time limit ends the wait of the call, not the thread.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

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
    """

    def __init__(self, name: str, *, threads: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = BoundedSemaphore(threads + waiting)
        self._seconds = seconds

    async def run(self, work: Callable[[], T]) -> T:
        """The result of the work.

        Raises:
            Problem: 429 where the queue is full, 503 where the time is over.
        """
        if not self._room.acquire(blocking=False):
            raise Problem(429, BUSY, headers={"Retry-After": "2"})
        piece = self._threads.submit(work)
        piece.add_done_callback(self._done)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(piece)
        except TimeoutError:
            raise Problem(503, TOO_LONG, headers={"Retry-After": "30"}) from None

    def _done(self, _piece: "Future[T]") -> None:
        self._room.release()


QUICK = Pool("quick", threads=2, waiting=60, seconds=5)  # rules of slots, policies
HEAVY = Pool("whole", threads=2, waiting=10, seconds=60)  # a whole record, a whole cohort
