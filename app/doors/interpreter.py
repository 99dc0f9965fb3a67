"""How Python shares its one lock in a server: short turns for threads, and no long search for what is lost in circles.

By itself Python looks through all that it holds whenever that has grown by a quarter, and no thread moves meanwhile: beside
a few long records in memory, for a second or two. Here what is new is looked through as ever, in a millisecond; the whole
only where little is held, or where that has not come for ten minutes. Seen with `python -m tests.benchmarks.worst --where`.
"""

import gc
import sys
from asyncio import AbstractEventLoop

TURN = 0.001  # seconds that a thread computes before another has its turn; Python's own are five times as long
EVERY = 30.0  # seconds
MOST_BLOCKS = 400_000  # of memory beside those of the beginning: to look through them takes some twenty milliseconds
MOST_PUT_OFF = 20  # times
NEVER = 2**31 - 1


class InterpreterTuning:
    """Sets the turns of threads, puts off the long search for unused objects, and makes it from time to time."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        sys.setswitchinterval(TURN)
        gc.collect()
        gc.freeze()  # what is imported stays, and is never looked through
        gc.set_threshold(*gc.get_threshold()[:2], NEVER)
        self._loop, self._begun_with, self._put_off = loop, sys.getallocatedblocks(), 0
        loop.call_later(EVERY, self.look)

    def look(self) -> None:
        """Looks for what is lost, unless that would take long now."""
        self._loop.call_later(EVERY, self.look)
        if sys.getallocatedblocks() - self._begun_with <= MOST_BLOCKS or self._put_off == MOST_PUT_OFF:
            self._put_off = 0
            gc.collect()
        else:
            self._put_off += 1
