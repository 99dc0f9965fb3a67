"""Typesets the follow-up as a one-page PDF; the same follow-up in the same language gives the same bytes."""

import json
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from threading import Lock
from typing import Final, Literal

import typst
from pydantic import JsonValue
from pymupdf_fonts import fontbuffers

from app.answers.follow_up.schemas import FollowUpOut
from app.answers.follow_up.wording import source, wording
from app.answers.pictures.style import FONT
from app.base.languages.speaking import spoken_language

BREAKS_EVERY = 20  # letters of a word that is longer than any column bears
LONG_WORD, ZERO_WIDTH = re.compile(r"\S{21,}"), "\u200b"
Paper = Literal["a4", "us-letter"]
STANDARD: Final = "ua-1"  # PDF/UA: tagged, with reading order and the picture in words
EMBEDDED = "Libertinus Serif"  # comes with Typst, so that a machine's fonts do not change the report
FURTHER = ("figo", "figbo")  # FiraGO, regular and bold: Arabic, Devanagari, Georgian, Hebrew, Thai


class _Typesetter:
    """The Typst compiler with the report's source, kept between reports; a lock lets one thread use it at a time.

    A name in a script that no font of ours has is set with the machine's. Where those do not have it either the page says
    that letters are missing; it is then still tagged, but not promised to be PDF/UA, which refuses such a letter.
    """

    def __init__(self) -> None:
        self._source, self._lock = source().encode(), Lock()
        self._folder = TemporaryDirectory(prefix="reprieve-fonts-")
        for name in FURTHER:
            Path(self._folder.name, f"{name}.otf").write_bytes(fontbuffers[name]())
        ours = [self._folder.name]
        own, any_font = (typst.Fonts(include_system_fonts=also, font_paths=ours) for also in (False, True))
        self._own = typst.Compiler(self._source, font_paths=own, ignore_system_fonts=True)
        self._any_font = typst.Compiler(self._source, font_paths=any_font)

    def set(self, inputs: dict[str, str]) -> bytes:
        ways = (
            (self._own, inputs, True),
            (self._any_font, inputs, True),
            (self._any_font, {**inputs, "lacks": "1"}, False),
        )
        with self._lock:
            for compiler, told, accessible in ways:
                try:
                    return self._compile(compiler, told, accessible)
                except typst.TypstError as error:
                    if "could not be displayed" not in error.message:
                        raise
        raise AssertionError("the last way promises nothing that a letter could break")

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
    """The PDF of a follow-up, in the language that is spoken.

    Args:
        svg: the picture; its text is set in the report's own font.
        words: the text alternative of the picture.
        clinic: its name.
    """
    dumped = told.model_dump(mode="json", by_alias=True)
    dumped["patient"]["name"] = breakable(told.patient.name)
    in_tenths = _in_tenths(dumped)
    inputs = {
        "told": json.dumps(in_tenths),
        "wording": json.dumps(wording(in_tenths, words)),
        "picture": svg.decode().replace(FONT, EMBEDDED),
        "language": spoken_language(),
        "paper": paper,
        "clinic": breakable(clinic),
        "release": version("reprieve"),
    }
    return _typesetter().set(inputs)


def breakable(name: str) -> str:
    """A name whose long words may break: a column of the page is some thirty letters wide."""
    return LONG_WORD.sub(lambda found: ZERO_WIDTH.join(wrap(found[0], BREAKS_EVERY)), name)


def _in_tenths(value: JsonValue) -> JsonValue:
    """Every number as the pages round it: the two must not differ where it lies half way."""
    if isinstance(value, float):
        return round(value, 1)
    if isinstance(value, list):
        return [_in_tenths(one) for one in value]
    return {name: _in_tenths(one) for name, one in value.items()} if isinstance(value, dict) else value
