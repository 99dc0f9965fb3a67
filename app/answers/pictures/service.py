"""The picture of a procedure in any of its forms."""

from typing import Literal

from app.answers.pictures.collect import seen_in
from app.answers.pictures.description import in_words
from app.answers.pictures.render import drawn, to_png, to_svg
from app.answers.pictures.spec import spec
from app.answers.pictures.style import Theme
from app.answers.verdicts.context import Background
from app.base.http.conditional import etag

LOOK = "picture/1"  # raised when the drawing changes, for a browser keeps what it has by its ETag
Form = Literal["svg", "png"]


def tag_of(verdict_tag: str, form: str, theme: Theme) -> str:
    """The ETag of a picture: the verdict's, and how it is drawn."""
    return etag(LOOK, verdict_tag, form, theme)


async def picture(about: Background, form: Form, theme: Theme = "light") -> bytes:
    """The picture, kept or drawn anew; the PNG comes from the SVG."""
    svg_tag = tag_of(about.tag, "svg", theme)

    def draw_svg() -> bytes:
        seen = seen_in(about)
        return to_svg(spec(seen, theme), in_words(seen))

    svg = await drawn(about.person.clinic_id, svg_tag, draw_svg)
    if form == "svg":
        return svg
    return await drawn(about.person.clinic_id, tag_of(about.tag, form, theme), lambda: to_png(svg))
