"""Where a piece of work comes from: the address and the name of the call that asked for it, for the audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Whence a call came, and its name in the log; neither for what the service does by itself."""

    address: str | None = None
    request_id: str | None = None


BY_ITSELF = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=BY_ITSELF)


def origin() -> Origin:
    """Where what is done now comes from; the writing thread knows it, too."""
    return _origin.get()


@contextmanager
def coming_from(one: Origin) -> Iterator[None]:
    """What is done while the block runs comes from there."""
    token = _origin.set(one)
    try:
        yield
    finally:
        _origin.reset(token)
