"""Draws a specification as SVG or PNG, and caches the result by clinic and ETag.

The drawing library runs a JavaScript engine of its own in the process; it reaches no network and no file. While it draws,
no other thread of the process runs: some 50 ms a picture, and most of a second for the first.
"""

from collections.abc import Callable
from uuid import UUID

import vl_convert
from anyio import to_thread

from app.answers.pictures.layers import Layer
from app.base.memory import ClinicMemory

MOST_BYTES = 64 * 1024 * 1024
PNG_SCALE = 1.5


def to_svg(spec: Layer, words: str) -> bytes:
    """An SVG with `words`, the text alternative, as its description."""
    svg = vl_convert.vegalite_to_svg(spec)
    head, rest = svg.split(">", 1)
    text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'{head} role="img" aria-labelledby="picture-words"><desc id="picture-words">{text}</desc>{rest}'.encode()


def to_png(svg: bytes) -> bytes:
    """A PNG of one and a half times the SVG's size."""
    return vl_convert.svg_to_png(svg.decode(), scale=PNG_SCALE)


def warm_up() -> None:
    """Draws the first picture, an empty one, before anybody waits."""
    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"})


_drawn = ClinicMemory[str, bytes](MOST_BYTES, size=len)


async def drawn(clinic_id: UUID, tag: str, draw: Callable[[], bytes]) -> bytes:
    """The bytes cached for the clinic under an ETag; else those that `draw` makes in a thread, then cached."""
    held = _drawn.get(clinic_id, tag)
    if held is not None:
        return held
    made = await to_thread.run_sync(draw)
    _drawn.put(clinic_id, tag, made)
    return made
