"""HTTP/1.1 of Uvicorn with limits that it does not have: for the head of a request, and for connections at a time."""

import asyncio
from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0  # from the opening of a connection, or the first byte of a further request, to the end of its head
MOST_CONNECTIONS = 500  # of a process; a usual machine gives it 1024 files


class LimitedProtocol(HttpToolsProtocol):
    """Closes a connection that sends no whole head in time, and refuses one too many."""

    def __init__(self, *args: Any, **named: Any) -> None:  # as Uvicorn calls it
        super().__init__(*args, **named)
        self._until_head: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in Uvicorn
        """Begins the time for the first head."""
        self.transport = transport
        if len(self.connections) >= MOST_CONNECTIONS:
            transport.abort()
            return
        super().connection_made(transport)
        self._begin()

    def on_message_begin(self) -> None:
        """Begins the time for the head of a further request on the same connection."""
        super().on_message_begin()
        if self._until_head is None:
            self._begin()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._end()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._until_head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _end(self) -> None:
        if self._until_head is not None:
            self._until_head.cancel()
            self._until_head = None
