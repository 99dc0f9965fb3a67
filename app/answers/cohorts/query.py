"""Counts of a cohort by day. The database groups and counts, so that no row of a procedure is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, extract, func, literal, select

from app.answers.cohorts.schemas import CohortQuery, GroupBy
from app.answers.cohorts.survival import Counts
from app.answers.verdicts.tables import OutcomeRow
from app.base.store.typed import col
from app.relief import Floats

CAUSES = ("return", "repeat", "surgery", "death")


GROUPED: dict[GroupBy, ColumnElement[Any]] = {  # of several types: text, a truth value, a year
    "region": col(OutcomeRow.region),
    "laterality": col(OutcomeRow.laterality),
    "technique": col(OutcomeRow.technique),
    "operator": col(OutcomeRow.operator),
    "repeat": col(OutcomeRow.repeat),
    "joints": col(OutcomeRow.joints),
    "nerves": col(OutcomeRow.nerves),
    "year": extract("year", col(OutcomeRow.performed_on)),
}


def conditions(clinic_id: UUID, asked: CohortQuery) -> list[ColumnElement[bool]]:
    """The filters of a cohort."""
    out: list[ColumnElement[bool]] = [
        col(OutcomeRow.clinic_id) == clinic_id,
        col(OutcomeRow.definition) == asked.definition,
    ]
    equal = (
        (col(OutcomeRow.region), asked.region),
        (col(OutcomeRow.laterality), asked.laterality),
        (col(OutcomeRow.technique), asked.technique),
        (col(OutcomeRow.operator), asked.operator),
        (col(OutcomeRow.repeat), asked.repeat),
    )
    out += [column == value for column, value in equal if value is not None]
    if asked.joint is not None:
        joints = literal(" ") + col(OutcomeRow.joints) + literal(" ")
        out.append(joints.contains(f" {asked.joint} ", autoescape=True))
    if asked.nerve is not None:
        nerves = literal(", ") + col(OutcomeRow.nerves) + literal(",")
        out.append(nerves.contains(f", {asked.nerve},", autoescape=True))
    bounds = (
        (col(OutcomeRow.temperature_c), asked.temperature_from, asked.temperature_to),
        (col(OutcomeRow.block_percent), asked.block_percent_from, None),
        (col(OutcomeRow.age), asked.age_from, asked.age_to),
        (col(OutcomeRow.performed_on), asked.performed_from, asked.performed_to),
    )
    for column, low, high in bounds:
        if low is not None:
            out.append(column >= low)
        if high is not None:
            out.append(column <= high)
    return out


Counted = Select[object, str, int | None, int]


def counted(clinic_id: UUID, asked: CohortQuery, by: GroupBy | None) -> Counted:
    """A query for one row per group, end (`ended`) and days of relief, with the number of procedures."""
    group: ColumnElement[Any] = literal(None) if by is None else GROUPED[by]  # as in GROUPED
    keys = col(OutcomeRow.ended), col(OutcomeRow.relief_days)
    query = select(group.label("group"), *keys, func.count()).where(*conditions(clinic_id, asked))
    return query.group_by(*([] if by is None else [group]), *keys)


@dataclass(frozen=True)
class Tally:
    """Counts of one group, in parallel rows: `many[i]` procedures ended by `ended[i]` on day `day[i]`."""

    group: str | None
    ended: list[str]
    day: Floats
    many: Floats

    def of(self, *ends: str) -> int:
        """How many procedures ended in one of these ways."""
        return int(sum(m for e, m in zip(self.ended, self.many, strict=True) if e in ends))

    def counts(self, failures_inside: bool) -> Counts:
        """Events and censorings by day; `failures_inside` counts procedures without relief as events on day 0."""
        events = {"return", "no_relief"} if failures_inside else {"return"}
        left_out = {"not_judged"} if failures_inside else {"not_judged", "no_relief"}
        day, by_cause = self._by_day(left_out, events)
        return Counts(day, by_cause[0], by_cause[1])

    def competing(self) -> tuple[Floats, Floats, Floats]:
        """Days, events by cause (causes, days) and censorings (days), of the procedures that had relief."""
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


def tallies(rows: Iterable[Row[object, str, int | None, int]], *, grouped: bool) -> list[Tally]:
    """The counted rows, a tally a group, in the order of the groups' names."""
    found: dict[str | None, list[tuple[str, int, int]]] = {}
    for group, ended, days, many in rows:
        found.setdefault(name_of(group) if grouped else None, []).append((ended, days or 0, many))
    out = []
    for name in sorted(found, key=lambda name: (name is None, name)):
        ends, days_of, counts = zip(*found[name], strict=True)
        day, many_of = np.array(days_of, dtype=np.float64), np.array(counts, dtype=np.float64)
        out.append(Tally(name, list(ends), day, many_of))
    return out


def name_of(value: object) -> str | None:
    """A group's name: text, `first` or `repeat`, a year."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "repeat" if value else "first"
    return str(int(value)) if isinstance(value, int | float | Decimal) else str(value)
