"""The picture of a procedure in any of its forms."""

from typing import Literal

from app.answers.pictures.collect import picture_content
from app.answers.pictures.description import in_words
from app.answers.pictures.render import drawn, to_png, to_svg
from app.answers.pictures.spec import spec
from app.answers.pictures.style import Fit, Theme
from app.answers.verdicts.context import VerdictContext
from app.base.http.conditional import etag_after
from app.base.languages.speaking import spoken_language

LOOK = "picture/3"  # raised when the drawing changes, so that browsers do not keep an older one by its ETag
Form = Literal["svg", "png"]


def tag_of(verdict_tag: str, form: str, theme: Theme, *, fit: Fit = "wide") -> str:
    """The ETag of a picture: the verdict's, and how it is drawn, in the language that is spoken."""
    return etag_after(verdict_tag, LOOK, form, theme, fit, spoken_language())


async def picture(about: VerdictContext, form: Form, theme: Theme = "light", *, fit: Fit = "wide") -> bytes:
    """The picture, from the cache or drawn anew; the PNG is made from the SVG."""
    svg_tag = tag_of(about.tag, "svg", theme, fit=fit)

    def draw_svg() -> bytes:
        content = picture_content(about)
        return to_svg(spec(content, theme, fit=fit), in_words(content))

    svg = await drawn(about.person.clinic_id, svg_tag, draw_svg)
    if form == "svg":
        return svg
    return await drawn(about.person.clinic_id, tag_of(about.tag, form, theme, fit=fit), lambda: to_png(svg))
