"""Draws a specification as SVG or PNG, and keeps what was drawn by the ETag of what it shows.

The drawing library runs a JavaScript engine of its own in the process; it reaches no network and no file.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import vl_convert
from anyio import to_thread

MOST_BYTES = 64 * 1024 * 1024
PNG_SCALE = 1.5


def to_svg(spec: dict[str, Any], words: str) -> bytes:
    """An SVG with the picture in words as its title and description."""
    svg = vl_convert.vegalite_to_svg(spec)
    head, rest = svg.split(">", 1)
    text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'{head} role="img" aria-labelledby="picture-words"><desc id="picture-words">{text}</desc>{rest}'.encode()


def to_png(svg: bytes) -> bytes:
    """A PNG of one and a half times the SVG's size."""
    return vl_convert.svg_to_png(svg.decode(), scale=PNG_SCALE)


class Drawn:
    """What was drawn, by ETag; the oldest goes first where it becomes too much."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._lock, self._bytes, self._most = Lock(), 0, most_bytes

    async def get(self, tag: str, draw: Callable[[], bytes]) -> bytes:
        """What is held under the tag, or what `draw` makes in a thread of its own."""
        with self._lock:
            held = self._held.get(tag)
            if held is not None:
                self._held.move_to_end(tag)
                return held
        made = await to_thread.run_sync(draw)
        self.put(tag, made)
        return made

    def put(self, tag: str, made: bytes) -> None:
        """Holds it."""
        with self._lock:
            if tag in self._held:
                return
            self._held[tag] = made
            self._bytes += len(made)
            while self._bytes > self._most and len(self._held) > 1:
                self._bytes -= len(self._held.popitem(last=False)[1])

    def forget(self) -> None:
        """Lets everything go, as when a person's record was erased."""
        with self._lock:
            self._held.clear()
            self._bytes = 0


drawn = Drawn()
