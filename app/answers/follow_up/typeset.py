"""Typesets the follow-up as a one-page PDF; the same follow-up gives the same bytes."""

import json
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from threading import Lock
from typing import Final, Literal

import typst
from pydantic import JsonValue

from app.answers.follow_up.schemas import FollowUpOut
from app.answers.pictures.style import FONT

Paper = Literal["a4", "us-letter"]
STANDARD: Final = "ua-1"  # PDF/UA: tagged, with reading order and the picture in words
EMBEDDED = "Libertinus Serif"  # comes with Typst, so that a machine's fonts do not change the report


class _Typesetter:
    """The Typst compiler with the report's source, kept between reports; a lock lets one thread use it at a time.

    A name in a script that the embedded font does not have is set with the machine's fonts; the page is then still tagged,
    but not promised to be PDF/UA, which refuses a letter that can't be shown.
    """

    def __init__(self) -> None:
        self._source, self._lock = (files(__package__) / "report.typ").read_bytes(), Lock()
        self._embedded = typst.Compiler(self._source, ignore_system_fonts=True)
        self._any_font = typst.Compiler(self._source)

    def set(self, inputs: dict[str, str]) -> bytes:
        with self._lock:
            try:
                made = self._compile(self._embedded, inputs, True)
            except typst.TypstError as error:
                if "could not be displayed" not in error.message:
                    raise
                made = self._compile(self._any_font, inputs, False)
        return made

    def _compile(self, compiler: typst.Compiler, inputs: dict[str, str], accessible: bool) -> bytes:
        standards: list[Literal["ua-1"]] = [STANDARD] if accessible else []
        made = compiler.compile(
            self._source, format="pdf", sys_inputs=inputs, pdf_standards=[*standards], timestamp=0, pdf_tags=True
        )
        assert isinstance(made, bytes)  # one document, not one a page
        return made


@cache
def _typesetter() -> _Typesetter:
    return _Typesetter()


def report(told: FollowUpOut, svg: bytes, *, words: str, paper: Paper, clinic: str) -> bytes:
    """The PDF of a follow-up.

    Args:
        svg: the picture; its text is set in the report's own font.
        words: the text alternative of the picture.
        clinic: its name.
    """
    picture = svg.decode().replace(FONT, EMBEDDED)
    told_in_tenths = json.dumps(_in_tenths(told.model_dump(mode="json", by_alias=True)))
    inputs = {"told": told_in_tenths, "picture": picture, "words": words, "paper": paper, "clinic": clinic}
    return _typesetter().set({**inputs, "release": version("reprieve")})


def _in_tenths(value: JsonValue) -> JsonValue:
    """Every number as the pages round it: the two must not differ where it lies half way."""
    if isinstance(value, float):
        return round(value, 1)
    if isinstance(value, list):
        return [_in_tenths(one) for one in value]
    return {name: _in_tenths(one) for name, one in value.items()} if isinstance(value, dict) else value
