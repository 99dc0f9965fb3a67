"""Work in a thread of its own: a browser's library leaves an event loop running in the one of the tests."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T]) -> T:
    """What the work gives, or raises."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
