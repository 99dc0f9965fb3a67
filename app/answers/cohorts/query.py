"""Counts of a cohort by day. The database groups and counts, so that no row of a procedure is read."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Row, Select, extract, func, literal, select

from app.access.consent.tables import said
from app.answers.cohorts.clusters import Treatments, shared_variance
from app.answers.cohorts.merging import Counted, in_order
from app.answers.cohorts.schemas import CohortQuery, GroupBy
from app.answers.cohorts.survival import Counts
from app.answers.verdicts.tables import OutcomeRow
from app.base.store.typed import col
from app.relief import Floats
from app.rules.outcome import Ended

CAUSES = ("return", "repeat", "surgery", "death")
NOT_JUDGED = ("joined_late", "not_judged")
Words = npt.NDArray[np.str_]
Truths = npt.NDArray[np.bool_]
T = TypeVar("T", str, tuple[bool, str])


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
    if asked.outside:
        out.append(said("research", True, clinic_id=col(OutcomeRow.clinic_id), patient_id=col(OutcomeRow.patient_id)))
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


CountQuery = Select[object, str, int | None, int, int]
SeveralQuery = Select[object, UUID, str, int | None, int]


def counted(clinic_id: UUID, asked: CohortQuery, by: GroupBy | None) -> CountQuery:
    """A query for one row per group, end (`ended`), days of relief and day of entry, with the number of procedures."""
    group: ColumnElement[Any] = literal(None) if by is None else GROUPED[by]  # as in GROUPED
    keys = col(OutcomeRow.ended), col(OutcomeRow.relief_days), col(OutcomeRow.entered_days)
    query = select(group.label("group"), *keys, func.count()).where(*conditions(clinic_id, asked))
    return query.group_by(*([] if by is None else [group]), *keys)


def of_several(clinic_id: UUID, asked: CohortQuery, by: GroupBy | None) -> SeveralQuery:
    """A query for the procedures of people who have several in the cohort: group, person, end, days, day of entry."""
    group: ColumnElement[Any] = literal(None) if by is None else GROUPED[by]  # as in GROUPED
    inside = (*conditions(clinic_id, asked), col(OutcomeRow.ended).not_in(NOT_JUDGED))
    person = col(OutcomeRow.patient_id)
    many = select(person).where(*inside).group_by(person).having(func.count() > 1)
    keys = person, col(OutcomeRow.ended), col(OutcomeRow.relief_days), col(OutcomeRow.entered_days)
    return select(group.label("group"), *keys).where(*inside, person.in_(many))


@dataclass(frozen=True)
class Tally:
    """Counts of one group, in parallel rows: `many[i]` procedures, watched from day `entered[i]`, ended by `ended[i]` on
    day `day[i]`; and one by one those of people who have several: `persons` says whose."""

    group: str | None
    ended: Words
    day: Floats
    entered: Floats
    many: Floats
    several: "Tally | None" = None
    persons: npt.NDArray[np.int64] | None = None

    def of(self, *ends: str) -> int:
        """How many procedures ended in one of these ways."""
        return int(self.many[np.isin(self.ended, ends)].sum())

    def counts(self, failures_inside: bool) -> Counts:
        """Events, censorings and entries by day; `failures_inside` counts procedures without relief as events on day 0.

        Those are of people watched from the start: of late joiners the ones who failed are not known.
        """
        inside, events = self._inside(failures_inside)
        return self._by_day(inside, events)

    def shared_variance(self, counts: Counts, failures_inside: bool) -> Floats | None:
        """What procedures of the same person have in common, for a curve of `counts`; None where each has one."""
        several = self.several
        if several is None or several.persons is None:
            return None
        inside, events = several._inside(failures_inside)
        watched, ended = several.entered[inside], several.day[inside]
        return shared_variance(counts, Treatments(several.persons[inside], watched, ended, events[inside]))

    def competing(self) -> tuple[Counts, Floats]:
        """Days with censorings and entries, and events by cause, shape (causes, days), of procedures that had relief."""
        inside, _ = self._inside(False)
        counts = self._by_day(inside, np.isin(self.ended, CAUSES))
        causes = [_on(counts.day, self.day, self.many * (inside & (self.ended == cause))) for cause in CAUSES]
        return counts, np.array(causes)

    def _inside(self, failures_inside: bool) -> tuple[Truths, Truths]:
        """Which rows the curve has, and which of them end by an event."""
        events = ("return", "no_relief") if failures_inside else ("return",)
        left_out = NOT_JUDGED if failures_inside else (*NOT_JUDGED, "no_relief")
        return ~np.isin(self.ended, left_out) & ((self.entered < self.day) | (self.entered == 0)), np.isin(
            self.ended, events
        )

    def _by_day(self, inside: Truths, events: Truths) -> Counts:
        day = np.unique(np.concatenate([self.day[inside], self.entered[inside]]))
        ended = [_on(day, self.day, self.many * (inside & which)) for which in (events, ~events)]
        return Counts(day, ended[0], ended[1], _on(day, self.entered, self.many * inside))


def _on(day: Floats, own: Floats, many: Floats) -> Floats:
    counted_in = many > 0
    out = np.zeros(len(day))
    np.add.at(out, np.searchsorted(day, own[counted_in]), many[counted_in])
    return out


def counted_rows(rows: Iterable[Row[object, str, int | None, int, int]], grouped: bool) -> list[Counted]:
    """What `counted` found."""
    name = _names(grouped)
    return [
        Counted(name(group), cast("Ended", ended), days or 0, entered, many)
        for group, ended, days, entered, many in rows
    ]


def person_rows(rows: Iterable[Row[object, UUID, str, int | None, int]], grouped: bool) -> list[list[Counted]]:
    """What `of_several` found, a list a person."""
    name, theirs = _names(grouped), defaultdict[UUID, list[Counted]](list)
    for group, person, ended, days, entered in rows:
        theirs[person].append(Counted(name(group), cast("Ended", ended), days or 0, entered, 1))
    return list(theirs.values())


def _names(grouped: bool) -> Callable[[object], str | None]:
    return cache(name_of) if grouped else lambda _: None


def tallies(counts: Iterable[Counted], persons: Iterable[Sequence[Counted]] = ()) -> list[Tally]:
    """A tally a group, in the order of the groups' names; `persons` are those who have several procedures.

    Sums are taken in one order, whatever the order in which the rows come.
    """
    found: dict[str | None, list[Counted]] = {}
    for one in sorted(counts, key=in_order):
        found.setdefault(one.group, []).append(one)
    theirs = _of_persons([list(person) for person in persons])
    return [Tally(name, *_columns(rows), theirs.get(name)) for name, rows in found.items()]


def _of_persons(persons: list[list[Counted]]) -> dict[str | None, Tally]:
    """The procedures of people who have several, a tally a group: person by person, alike ones in one order."""
    rows = [one for person in persons for one in person]
    if not rows:
        return {}
    groups, group = _codes([(one.group is None, one.group or "") for one in rows])
    _, end = _codes([one.ended for one in rows])
    ended, day, entered, many = _columns(rows)
    code = np.zeros(len(rows), dtype=np.int64)
    for part in (group, end, day.astype(np.int64), entered.astype(np.int64)):
        code = code * (int(part.max()) + 1) + part
    person = np.repeat(np.arange(len(persons)), [len(one) for one in persons])
    number = _ranks(person, code)[person]
    order = np.lexsort((code, number))
    out: dict[str | None, Tally] = {}
    for place, (is_none, name) in enumerate(groups):
        mine = order[group[order] == place]
        whose = number[mine]
        out[None if is_none else name] = Tally(
            None if is_none else name, ended[mine], day[mine], entered[mine], many[mine], persons=whose
        )
    return out


def _codes(values: list[T]) -> tuple[list[T], npt.NDArray[np.int64]]:
    """The distinct values in order, and of each value its place among them."""
    distinct = sorted(set(values))
    place = {value: n for n, value in enumerate(distinct)}
    return distinct, np.array([place[value] for value in values], dtype=np.int64)


def _ranks(person: npt.NDArray[np.int64], code: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place of each person among all, by what their procedures are; `person` rises."""
    order = np.lexsort((code, person))
    starts = np.flatnonzero(np.r_[True, np.diff(person) > 0])
    nth = np.arange(len(person)) - np.repeat(starts, np.diff(np.r_[starts, len(person)]))
    theirs = np.full((len(starts), int(nth.max()) + 1), -1, dtype=np.int64)
    theirs[person, nth] = code[order]
    ranks = np.empty(len(starts), dtype=np.int64)
    ranks[np.lexsort(theirs.T[::-1])] = np.arange(len(starts))
    return ranks


def _columns(rows: list[Counted]) -> tuple[Words, Floats, Floats, Floats]:
    numbers = np.array([(one.days, one.entered, one.many) for one in rows], dtype=np.float64)
    day, entered, many = numbers.T
    return np.array([one.ended for one in rows]), day, entered, many


def name_of(value: object) -> str | None:
    """A group's name: text, `first` or `repeat`, a year."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "repeat" if value else "first"
    return str(int(value)) if isinstance(value, int | float | Decimal) else str(value)
