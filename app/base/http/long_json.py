"""Reads long JSON item by item: one step for tens of megabytes would hold up every other thread.

The interpreter gives no other thread a turn while it reads one value, so that each value, and each blank between two, has a
length that it may have.
"""

import json
import re
from collections.abc import Collection
from json import JSONDecodeError

from app.base.http.problems import EXAMPLES, Problem

LONGEST = 640 * 1024  # characters of one item, and bytes of a body that is read on the loop: the longest fact fits
MOST_VALUES = 20_000  # commas in either: twice as many as the longest note has in prose
USUAL = 8 * 1024  # characters of an item, in most records
BLANK = re.compile(r"[ \t\r\n]{0,1000}")
_decoder = json.JSONDecoder()


def parts_of(raw: bytes, lists: Collection[str]) -> dict[str, object]:
    """The parts of a JSON object; those in `lists` are read one item at a time.

    Raises:
        Problem: 400 for what is no JSON object, 413 for an item that is longer than any may be.
    """
    try:
        return _object(raw.decode(), lists)
    except JSONDecodeError as error:
        raise Problem(400, f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise Problem(400, "The body is not JSON that can be read.") from None


def _object(text: str, lists: Collection[str]) -> dict[str, object]:
    out: dict[str, object] = {}
    at = _past(text, 0, "{")
    while text[at : at + 1] != "}":
        name, at = _one(text, at)
        if len(out) == MOST_VALUES:
            raise Problem(413, EXAMPLES[413])
        if not isinstance(name, str):
            raise JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
        at = _past(text, at, ":")
        out[name], at = _list(text, at) if name in lists and text[at : at + 1] == "[" else _one(text, at)
        at = _blank(text, at)
        if text[at : at + 1] != "}":
            at = _past(text, at, ",")
    if _blank(text, at + 1) != len(text):
        raise JSONDecodeError("Extra data", text, at + 1)
    return out


def _list(text: str, at: int) -> tuple[list[object], int]:
    out: list[object] = []
    at = _past(text, at, "[")
    while text[at : at + 1] != "]":
        one, at = _one(text, at)
        out.append(one)
        at = _blank(text, at)
        if text[at : at + 1] != "]":
            at = _past(text, at, ",")
    return out, at + 1


def _one(text: str, at: int) -> tuple[object, int]:
    """The value at a place, and where it ends; tried first as one of the usual length."""
    for most in (USUAL, LONGEST):
        piece = text[at : at + most]
        try:
            value, end = _decoder.raw_decode(piece)
        except JSONDecodeError as error:
            if at + most < len(text):
                continue
            raise JSONDecodeError(error.msg, text, at + error.pos) from None
        if end < len(piece) or at + end == len(text):  # a number may go on behind the piece
            if piece.count(",", 0, end) <= MOST_VALUES:
                return value, at + end
            break
    raise Problem(413, EXAMPLES[413])


def _past(text: str, at: int, sign: str) -> int:
    at = _blank(text, at)
    if text[at : at + 1] != sign:
        raise JSONDecodeError(f"Expecting {sign!r}", text, at)
    return _blank(text, at + 1)


def _blank(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return at if found is None else found.end()
