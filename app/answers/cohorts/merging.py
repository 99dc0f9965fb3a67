"""Counts of a cohort that travel: those of several clinics or databases add up to the curves of all of them together.

What travels is how many ended how and when, and one by one those of people who have several procedures; no name, no id and
no date. A sum is in one order whoever counted what, so that merged curves equal the pooled ones to the bit. Somebody treated
in two databases counts as two people.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.answers.cohorts.schemas import CohortCurves, GroupBy
from app.rules.outcome import Ended
from app.rules.words import Definition

FORM: Literal["reprieve cohort counts 1"] = "reprieve cohort counts 1"
DayCount = Annotated[int, Field(ge=0, le=100_000)]


class Counted(NamedTuple):
    """Procedures of a group that ended alike: how, after how many days of relief, watched from which day, how many."""

    group: str | None
    ended: Ended
    days: DayCount
    entered: DayCount
    many: Annotated[int, Field(ge=1)]


Key = tuple[bool, str, str, int, int]


def in_order(one: Counted) -> Key:
    """What is the same of procedures that are counted together, in the order in which they are summed."""
    return one.group is None, one.group or "", one.ended, one.days, one.entered


def persons_in_order(persons: Iterable[Sequence[Counted]]) -> list[list[Counted]]:
    """People who have several procedures, in the order in which they are summed."""
    each = (sorted(person, key=in_order) for person in persons)
    return sorted(each, key=lambda person: [in_order(one) for one in person])


class CohortCounts(BaseModel):
    """A file of counts: what was asked, by which engine it was judged, and the counts; `persons` holds a list a person."""

    model_config = ConfigDict(extra="forbid", strict=True)

    form: Literal["reprieve cohort counts 1"] = FORM
    made_by: str
    group_by: GroupBy | None
    definition: Definition
    outside: bool
    filters: dict[str, str | int | float | bool]
    stale: int = Field(ge=0)
    counts: list[Counted]
    persons: list[list[Counted]]

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if any(one.many != 1 for person in self.persons for one in person):
            raise ValueError("persons: each of their procedures counts 1")
        counted = Counter[Key]()
        for one in self.counts:
            counted[in_order(one)] += one.many
        if Counter(in_order(one) for person in self.persons for one in person) - counted:
            raise ValueError("persons: more of their procedures than are counted")
        return self

    @property
    def asked(self) -> dict[str, object]:
        """What must be the same of counts that are merged."""
        names = ("made_by", "group_by", "definition", "outside", "filters")
        return {name: getattr(self, name) for name in names}


class MergeError(ValueError):
    """Counts that can't be merged; the message names the file and the place."""


def read_counts(name: str, text: str | bytes) -> CohortCounts:
    """The counts of a file.

    Raises:
        MergeError: it is none.
    """
    try:
        return CohortCounts.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise MergeError(f"{name}: {place + ': ' if place else ''}{first['msg']}") from None


def merged(files: dict[str, CohortCounts]) -> CohortCounts:
    """The counts of several files, by name, as if one database had counted them.

    Raises:
        MergeError: they were asked differently, or judged by another version.
    """
    (first_name, first), *rest = files.items()
    for name, one in rest:
        for what, value in one.asked.items():
            if value != first.asked[what]:
                raise MergeError(f"{name}: {what} is {value!r}, and in {first_name} {first.asked[what]!r}")
    sums: dict[Key, Counted] = {}
    for row in (row for one in files.values() for row in one.counts):
        before = sums.get(in_order(row))
        sums[in_order(row)] = row if before is None else row._replace(many=before.many + row.many)
    return first.model_copy(
        update={
            "counts": sorted(sums.values(), key=in_order),
            "persons": persons_in_order(person for one in files.values() for person in one.persons),
            "stale": sum(one.stale for one in files.values()),
        }
    )


def filters_of(asked: CohortCurves) -> dict[str, str | int | float | bool]:
    """The filters that were set, as they are written."""
    apart = {"group_by", "definition", "outside", "failures", "until"}
    return asked.model_dump(mode="json", exclude_none=True, exclude=apart)
