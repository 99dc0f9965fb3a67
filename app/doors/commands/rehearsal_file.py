"""The file of a rehearsal: a line of JSON a verdict, below one that says what was rehearsed. A run goes on where it ends."""

import fcntl
import json
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, get_args, get_type_hints
from uuid import UUID

from app.answers.verdicts.rehearsal import Rehearsed, VerdictPlace
from app.rules.outcome import Outcome

HINTS: dict[str, Any] = get_type_hints(Outcome)  # types as such: classes, and unions of them


class RehearsalFileError(ValueError):
    """The file can't be gone on with; the message says why."""


@contextmanager
def continued(path: Path, made_by: str, clinics: Collection[UUID]) -> Iterator[tuple[BinaryIO, VerdictPlace | None]]:
    """The file open at its end, and the last verdict in it; None where it has none. A line that was cut short goes.

    Nobody else may read it: it tells of patients.

    Args:
        clinics: all that are rehearsed; by them another database is known.

    Raises:
        RehearsalFileError: it is of another version, of other clinics or no file, or another run writes it.
    """
    expected = {"rehearsed": made_by, "clinics": sorted({str(one) for one in clinics})}
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise RehearsalFileError("it is no file of its own")
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as file:
        os.fchmod(file.fileno(), 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RehearsalFileError("another run writes it") from None
        place = _go_to_end(file, _line(expected))
        yield file, place


def _go_to_end(file: BinaryIO, first: bytes) -> VerdictPlace | None:
    """Goes behind the last whole line, and cuts off what is behind it; the place of that line."""
    begins = file.readline()
    if begins != first:
        if not first.startswith(begins):  # nor empty, nor cut short
            raise RehearsalFileError("it is of another version, of other clinics, or no rehearsal; name another file")
        file.seek(0)
        file.truncate()
        file.write(first)
        return None
    end, last = len(first), b""
    for line in file:
        if line.endswith(b"\n"):
            end, last = end + len(line), line
    file.seek(end)
    file.truncate()
    return _place(_parsed(last)) if last else None


def _parsed(line: bytes) -> Any:  # JSON
    try:
        return json.loads(line)
    except ValueError:
        raise RehearsalFileError("a line of it is damaged; name another file") from None


def _line(value: dict[str, Any]) -> bytes:  # JSON, and days and ids, which are written as their text
    return json.dumps(value, default=str).encode() + b"\n"


def _place(one: dict[str, Any]) -> VerdictPlace:  # JSON
    return VerdictPlace(one["definition"], UUID(one["clinic"]), UUID(one["procedure"]))


def add(file: BinaryIO, batch: Iterable[Rehearsed]) -> None:
    """Adds a batch; it is on the disk when this returns.

    Raises:
        RehearsalFileError: the disk is full, or gone.
    """
    try:
        for one in batch:
            definition, clinic, procedure = one.place
            place = {"definition": definition, "clinic": clinic, "procedure": procedure}
            file.write(_line({**place, "how": one.how, "changed": one.changed}))
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise RehearsalFileError(
            f"{error.strerror}; what is in it stays, and the next run goes on from there"
        ) from None


@dataclass
class Shift:
    """How one name changes: pairs of words with their number; of days and numbers, by how much."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    by: list[float] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    told_now: int = 0
    no_longer_told: int = 0

    @property
    def many(self) -> int:
        """How many verdicts change."""
        return self.pairs.total() + len(self.by) + len(self.days) + self.told_now + self.no_longer_told

    def add(self, name: str, before: Any, after: Any) -> None:  # JSON: text, a number, a truth value, null
        """Counts one change."""
        kinds = {HINTS.get(name), *get_args(HINTS.get(name))}
        if name == "says":
            self.pairs["a sentence", "another"] += 1  # there are as many as verdicts
        elif not kinds & {date, int, float}:
            self.pairs[_word(before), _word(after)] += 1
        elif before is None:
            self.told_now += 1
        elif after is None:
            self.no_longer_told += 1
        elif date in kinds:
            self.days.append((date.fromisoformat(after) - date.fromisoformat(before)).days)
        else:
            self.by.append(after - before)


@dataclass
class ChangeTally:
    """What a rehearsal found in one clinic by one definition."""

    how: Counter[str] = field(default_factory=Counter)
    shifts: dict[str, Shift] = field(default_factory=lambda: defaultdict(Shift))
    errors: Counter[str] = field(default_factory=Counter)


def tallies(path: Path) -> dict[tuple[str, str], ChangeTally]:
    """What a file holds, by clinic and definition."""
    found = defaultdict[tuple[str, str], ChangeTally](ChangeTally)
    with open(path, "rb") as file:
        next(file)
        for line in map(_parsed, file):
            tally = found[line["clinic"], line["definition"]]
            tally.how[line["how"]] += 1
            for name, (before, after) in line["changed"].items():
                if line["how"] == "failed":
                    tally.errors[after] += 1
                else:
                    tally.shifts[name].add(name, before, after)
    return dict(found)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not told" if value is None or value == "" else str(value)
