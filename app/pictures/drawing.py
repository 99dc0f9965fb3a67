"""Draws a specification as SVG or PNG, and keeps what was drawn by clinic and by the ETag of what it shows.

The drawing library runs a JavaScript engine of its own in the process; it reaches no network and no file.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any
from uuid import UUID

import vl_convert
from anyio import to_thread
from cachetools import LRUCache

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
    """What was drawn, by clinic and ETag; what was used longest ago goes first where it becomes too much.

    An ETag says what a picture shows to somebody who may see it; it is no name of it across clinics.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._held: LRUCache[tuple[UUID, str], bytes] = LRUCache(most_bytes, getsizeof=len)
        self._lock = Lock()

    async def get(self, clinic_id: UUID, tag: str, draw: Callable[[], bytes]) -> bytes:
        """What the clinic holds under the tag, or what `draw` makes in a thread of its own."""
        with self._lock:
            held = self._held.get((clinic_id, tag))
        if held is not None:
            return held
        made = await to_thread.run_sync(draw)
        self.put(clinic_id, tag, made)
        return made

    def put(self, clinic_id: UUID, tag: str, made: bytes) -> None:
        """Holds it; what is larger than all the room there is, is not held."""
        with self._lock, suppress(ValueError):
            self._held[clinic_id, tag] = made

    def forget(self, clinic_id: UUID) -> None:
        """Lets everything of a clinic go, as when a person's record was erased."""
        with self._lock:
            for key in [key for key in self._held if key[0] == clinic_id]:
                del self._held[key]


drawn = Drawn()
