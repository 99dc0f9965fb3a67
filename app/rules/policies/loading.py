"""Reading policies from TOML, with errors that name the line."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.resources import files
from itertools import pairwise
from typing import Any

from app.rules.levels import NoSuchLevelError, joint
from app.rules.words import REGIONS, TECHNIQUES

from .model import ABOUT, RULES, SCOPES, Policy, PolicyRule, Version

TEXTS = ("name", "title", "jurisdiction", "source")
HEADING = re.compile(r"\s*\[\[\s*version\s*(?:\.\s*rule\s*)?\]\]")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
COUNTRY = re.compile("[A-Z]{2}")
QUOTED = r" '.*'"  # in a message of the parser: what was sent
TEXT = r"\"[^\"]*\"|'[^']*'"  # of a line: what stands in quotation marks
MOST_DOTS = 40  # the time that the parser takes grows with their square
CERTAINTIES = ("found", "known")


TomlTable = dict[str, Any]  # as tomllib gives it: each value is checked here before it is used


class BadPolicyError(ValueError):
    """A file that is not a valid policy; the message begins with the line at fault."""


@cache
def policies() -> dict[str, Policy]:
    """The policies that come with the service, by name."""
    folder = files(__package__) / "data"
    found = [
        load_text(f.read_text("utf-8"))
        for f in sorted(folder.iterdir(), key=lambda f: f.name)
        if f.name.endswith(".toml")
    ]
    return {policy.name: policy for policy in found}


def load(path: str) -> Policy:
    """A policy from a file.

    Raises:
        BadPolicyError: the line and what is wrong with it.
        OSError: the file can't be read.
    """
    with open(path, "rb") as file:
        raw = file.read()
    try:
        return load_text(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadPolicyError(f"line {raw[: error.start].count(10) + 1}: not UTF-8") from None


@lru_cache(maxsize=256)
def load_text(text: str) -> Policy:
    """A policy from its text.

    Raises:
        BadPolicyError: the line and what is wrong with it.
    """
    for at, written in enumerate(text.splitlines(), 1):
        if re.sub(TEXT, "", written).count(".") > MOST_DOTS:
            raise BadPolicyError(f"line {at}: more than {MOST_DOTS} dots")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise BadPolicyError(f"line {line}: {re.sub(QUOTED, '', str(error).partition(' (at ')[0])}") from None
    except (ValueError, RecursionError):
        raise BadPolicyError("line 1: no TOML that can be read: nested too deep, or a number too long") from None
    return _Reader(text).policy(data)


class _Reader:
    """Checks what was read; knows where each table begins, so that an error can name its line."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._tables = [i for i, line in enumerate(self._lines) if HEADING.match(line)]

    def policy(self, data: TomlTable) -> Policy:
        self._known(data, {*TEXTS, "usual_in", "usual_for", "version"}, 0)
        for name in TEXTS:
            if not isinstance(data.get(name), str) or not data[name].strip():
                raise self._error(name, 0, "is missing, or no text")
        if not NAME.fullmatch(data["name"]):
            raise self._error("name", 0, "is written in small letters, digits and hyphens")
        usual = data.get("usual_in", [])
        if not isinstance(usual, list) or not all(isinstance(one, str) and COUNTRY.fullmatch(one) for one in usual):
            raise self._error("usual_in", 0, 'is a list of countries, such as ["CH"]')
        for_regions = data.get("usual_for", [])
        if not isinstance(for_regions, list) or not set(map(str, for_regions)) <= set(REGIONS):
            raise self._error("usual_for", 0, f"is a list of regions: {', '.join(REGIONS)}")
        given = data.get("version")
        if not isinstance(given, list) or not given:
            raise self._error("version", 0, "a policy has at least one [[version]]")
        if len(self._tables) != len(given) + sum(len(_tables_of(one, "rule")) for one in given):
            raise self._error(
                "version", 0, "and its rules stand under headings of their own: [[version]], [[version.rule]]"
            )
        at = iter(self._tables)
        versions = [self._version(one, next(at), at) for one in given]
        for earlier, later in pairwise(versions):
            if earlier.in_force_to is None or later.in_force_from <= earlier.in_force_to:
                raise BadPolicyError(f"line {self._tables[0] + 1}: version {later.version} overlaps {earlier.version}")
        edition = blake2b("\n".join(self._lines).encode(), digest_size=8).hexdigest()
        return Policy(
            **{name: data[name] for name in TEXTS},
            versions=tuple(versions),
            edition=edition,
            usual_in=tuple(usual),
            usual_for=tuple(for_regions),
        )

    def _version(self, data: TomlTable, start: int, tables: Iterator[int]) -> Version:
        self._known(
            data, {"version", "in_force_from", "in_force_to", "verified_on", "verified_by", "old", "rule"}, start
        )
        if not isinstance(data.get("version"), str):
            raise self._error("version", start, "is missing, or no text")
        for name, must in (("in_force_from", True), ("in_force_to", False), ("verified_on", False)):
            value = data.get(name)
            if (value is None and must) or (value is not None and type(value) is not date):
                raise self._error(name, start, "is missing, or no day written YYYY-MM-DD")
        if (data.get("verified_on") is None) != (data.get("verified_by") is None):
            raise self._error("verified_on", start, "goes with verified_by; leave both out of what is unverified")
        self._texts(data, ("verified_by",), start)
        if not isinstance(data.get("old", False), bool):
            raise self._error("old", start, "is true or false")
        rules = data.get("rule")
        if not isinstance(rules, list) or not rules:
            raise self._error("rule", start, "a version has at least one [[version.rule]]")
        read = tuple(self._rule(one, next(tables)) for one in rules)
        return Version(
            data["version"],
            data["in_force_from"],
            data.get("in_force_to"),
            data.get("verified_on"),
            data.get("verified_by"),
            data.get("old", False),
            read,
        )

    def _rule(self, data: TomlTable, start: int) -> PolicyRule:
        name = data.get("rule") if isinstance(data, dict) else None
        if not isinstance(name, str) or name not in RULES:
            raise self._error("rule", start, f"is none of {', '.join(RULES)}")
        numbers = RULES[name]
        self._known(data, {*numbers, *ABOUT}, start)
        for key, (kind, must) in numbers.items():
            value = data.get(key)
            if value is None and not must:
                continue
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise self._error(key, start, "is missing, or of the wrong type")
            if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value <= 1000:
                raise self._error(key, start, "is no number above 0")
            if isinstance(value, list):
                self._list(key, value, start)
        if name == "relief_duration" and ("months" in data) == ("weeks" in data):
            raise self._error("months", start, "give months or weeks, one of them")
        if name == "minimum_gap" and data["scope"] not in SCOPES:
            raise self._error("scope", start, f"is none of {', '.join(SCOPES)}")
        if data.get("certainty") not in CERTAINTIES:
            raise self._error("certainty", start, f"is none of {', '.join(CERTAINTIES)}")
        self._texts(data, ("branch", "note"), start)
        own = {key: data[key] for key in numbers if key in data}
        return PolicyRule(name, own, data["certainty"], data.get("branch"), data.get("note"))

    def _texts(self, data: TomlTable, names: tuple[str, ...], start: int) -> None:
        for name in names:
            if not isinstance(data.get(name, ""), str):
                raise self._error(name, start, "is no text")

    def _list(self, key: str, value: list[object], start: int) -> None:
        if key == "joints":
            if not value or not all(_is_joint(one) for one in value):
                raise self._error(key, start, 'is no list of joints, such as ["C5-6", "L4-5"]')
        elif key == "techniques":
            if not value or not all(one in TECHNIQUES for one in value):
                raise self._error(key, start, f"is no list of {', '.join(TECHNIQUES)}")
        elif not _are_regions(value):
            raise self._error(key, start, f"is no list of {', '.join(sorted(REGIONS))}")

    def _known(self, data: TomlTable, names: set[str], start: int) -> None:
        for key in data:
            if key not in names:
                raise self._error(key, start, "holds a key that is not known here", named=False)

    def _error(self, key: str, start: int, says: str, *, named: bool = True) -> BadPolicyError:
        """Tells the line of a key in the table that begins on line `start` (from 0), or the table's own; and the key."""
        says = f"{key} {says}" if named else says
        end = next((i for i in self._tables if i > start), len(self._lines))
        key_line = re.compile(rf"\s*{re.escape(key)}\s*=")
        for i in range(start, end):
            if key_line.match(self._lines[i]):
                return BadPolicyError(f"line {i + 1}: {says}")
        return BadPolicyError(f"line {start + 1}: {says}")


def _tables_of(one: object, name: str) -> list[object]:
    """The tables of a name inside another, where there are any."""
    found = one.get(name) if isinstance(one, dict) else None
    return found if isinstance(found, list) else []


def _is_joint(value: object) -> bool:
    try:
        return isinstance(value, str) and joint(value) == value
    except NoSuchLevelError:
        return False


def _are_regions(value: list[object]) -> bool:
    """Whether it is a list of regions, or of such lists, and not empty."""
    lists = [one for one in value if isinstance(one, list)]
    if len(lists) == len(value):
        return bool(value) and all(one and _are_regions(one) for one in lists)
    return bool(value) and all(isinstance(one, str) and one in REGIONS for one in value)
