"""Counts of a cohort by day, straight from the database: it groups, and only counts travel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, extract, func, literal, select

from app.answers.cohorts.schemas import CohortQuery, GroupBy
from app.answers.cohorts.survival import Counts
from app.answers.verdicts.service import outcome
from app.relief import Floats

CAUSES = ("return", "repeat", "surgery", "death")


def conditions(clinic_id: UUID, asked: CohortQuery) -> list[ColumnElement[bool]]:
    """The filters of a cohort."""
    o = outcome.c
    out: list[ColumnElement[bool]] = [o.clinic_id == clinic_id, o.definition == asked.definition]
    for name in ("region", "laterality", "technique", "operator", "repeat"):
        value = getattr(asked, name)
        if value is not None:
            out.append(o[name] == value)
    if asked.joint is not None:
        out.append((literal(" ") + o.joints + literal(" ")).contains(f" {asked.joint} ", autoescape=True))
    if asked.nerve is not None:
        out.append((literal(", ") + o.nerves + literal(",")).contains(f", {asked.nerve},", autoescape=True))
    bounds = (
        (o.temperature_c, asked.temperature_from, asked.temperature_to),
        (o.block_percent, asked.block_percent_from, None),
        (o.age, asked.age_from, asked.age_to),
        (o.performed_on, asked.performed_from, asked.performed_to),
    )
    for column, low, high in bounds:
        if low is not None:
            out.append(column >= low)
        if high is not None:
            out.append(column <= high)
    return out


def group_column(by: GroupBy | None) -> ColumnElement[Any] | None:
    """What a cohort is grouped by."""
    if by is None:
        return None
    return extract("year", outcome.c.performed_on) if by == "year" else outcome.c[by]


def counted(clinic_id: UUID, asked: CohortQuery, by: GroupBy | None) -> Select[Any]:
    """Rows of group, end, days and how many."""
    column = group_column(by)
    keys = [outcome.c.ended, outcome.c.relief_days]
    group = [] if column is None else [column.label("group")]
    query = select(*group, *keys, func.count().label("many")).where(*conditions(clinic_id, asked))
    return query.group_by(*([] if column is None else [column]), *keys)


@dataclass(frozen=True)
class Tally:
    """One group, counted: `ends` has a row an end and day."""

    group: str | None
    ended: list[str]
    day: Floats
    many: Floats

    def of(self, *ends: str) -> int:
        """How many ended so."""
        return int(sum(m for e, m in zip(self.ended, self.many, strict=True) if e in ends))

    def counts(self, failures_inside: bool) -> Counts:
        """Events and censorings by day."""
        events = {"return", "no_relief"} if failures_inside else {"return"}
        left_out = {"not_judged"} if failures_inside else {"not_judged", "no_relief"}
        day, by_cause = self._by_day(left_out, events)
        return Counts(day, by_cause[0], by_cause[1])

    def competing(self) -> tuple[Floats, Floats, Floats]:
        """Days, events by cause, and censorings, of those who had relief."""
        left_out = {"not_judged", "no_relief"}
        day, _ = self._by_day(left_out, set())
        causes = np.array([self._on(day, {cause}) for cause in CAUSES])
        rest = {e for e in self.ended if e not in CAUSES} - left_out
        return day, causes, self._on(day, rest)

    def _by_day(self, left_out: set[str], events: set[str]) -> tuple[Floats, list[Floats]]:
        inside = np.array([e not in left_out for e in self.ended], dtype=bool)
        day = np.unique(self.day[inside])
        others = set(self.ended) - left_out - events
        return day, [self._on(day, events), self._on(day, others)]

    def _on(self, day: Floats, ends: set[str]) -> Floats:
        mine = np.array([e in ends for e in self.ended], dtype=bool)
        out = np.zeros(len(day))
        np.add.at(out, np.searchsorted(day, self.day[mine]), self.many[mine])
        return out


def tallies(rows: Sequence[Row[Any]], grouped: bool) -> list[Tally]:
    """The counted rows, a tally a group, in the order of the groups' names."""
    found: dict[str | None, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(name_of(row.group) if grouped else None, []).append(row)
    out = []
    for group in sorted(found, key=lambda name: (name is None, name)):
        mine = found[group]
        day = np.array([row.relief_days or 0 for row in mine], dtype=np.float64)
        many = np.array([row.many for row in mine], dtype=np.float64)
        out.append(Tally(group, [row.ended for row in mine], day, many))
    return out


def name_of(value: Any) -> str | None:
    """A group's name: text, `first` or `repeat`, a year."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "repeat" if value else "first"
    return str(int(value)) if isinstance(value, int | float) or hasattr(value, "as_tuple") else str(value)
