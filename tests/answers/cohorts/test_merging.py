"""Counts that travel: those of parts add up to the whole, to the bit, and what does not fit is refused."""

import json
import random

import pytest

from app.answers.cohorts.merging import CohortCounts, Counted, MergeError, merged, read_counts
from app.answers.cohorts.schemas import CohortCurves, Failures
from app.answers.cohorts.service import curves_of
from app.answers.verdicts.verdict_json import MADE_BY
from app.rules.outcome import Ended

ENDS: tuple[Ended, ...] = (
    "return",
    "return",
    "open",
    "no_relief",
    "repeat",
    "surgery",
    "death",
    "not_judged",
    "joined_late",
)
Person = list[Counted]


def file_of(people: list[Person], **more: object) -> CohortCounts:
    """The counts of people as a database would count them, in no order."""
    alike: dict[Counted, int] = {}
    for one in (one for person in people for one in person):
        alike[one] = alike.get(one, 0) + 1
    judged = [[one for one in person if one.ended not in ("not_judged", "joined_late")] for person in people]
    return CohortCounts.model_validate(
        {
            "made_by": MADE_BY,
            "group_by": "technique",
            "definition": "half",
            "outside": False,
            "filters": {"region": "lumbar"},
            "stale": 0,
            "counts": [one._replace(many=many) for one, many in alike.items()],
            "persons": [person for person in judged if len(person) > 1],
            **more,
        }
    )


def people(seed: int, many: int) -> list[Person]:
    """So many people at random, some with several procedures, alike or not."""
    chance = random.Random(seed)
    out = []
    for _ in range(many):
        person = []
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            ended = chance.choice(ENDS)
            entered = chance.choice([0, 0, 0, 90])
            days = 0 if ended in ("no_relief", "not_judged", "joined_late") else entered + chance.randint(1, 400)
            group = chance.choice(["conventional", "cooled", None])
            person.append(Counted(group, ended, days, 0 if days == 0 else entered, 1))
        out.append(person)
    return out


def curves(counts: CohortCounts, failures: Failures = "beside") -> str:
    asked = CohortCurves(group_by=counts.group_by, failures=failures, outside=counts.outside)
    return curves_of(counts, asked).model_dump_json()


@pytest.mark.parametrize("failures", ["beside", "inside"])
@pytest.mark.parametrize("seed", range(12))
def test_parts_add_up_to_the_whole_to_the_bit(seed: int, failures: Failures) -> None:
    """However people are dealt out to databases, in whatever order those count them, and by way of a file each."""
    everybody, chance = people(seed, 150), random.Random(seed)
    parts: list[list[Person]] = [[] for _ in range(1 + seed % 4)]
    for person in everybody:
        chance.choice(parts).append(person)
    chance.shuffle(everybody)
    files = {str(n): read_counts(str(n), file_of(part).model_dump_json()) for n, part in enumerate(parts)}
    assert curves(merged(files), failures) == curves(file_of(everybody), failures)
    again = dict(reversed(files.items()))
    assert merged(again) == merged(files), "nor does it matter which is named first"


def test_an_empty_part_changes_nothing() -> None:
    some = file_of(people(1, 40))
    assert curves(merged({"a": file_of([]), "b": some})) == curves(some)
    assert json.loads(curves(file_of([])))["groups"] == []


def test_few_are_hidden_in_what_leaves_only_where_they_are_few_together() -> None:
    person = [Counted("cooled", "return", 100, 0, 1)]
    part = file_of([person] * 3, outside=True)
    alone, both = (json.loads(curves(merged(files)))["groups"][0] for files in ({"a": part}, {"a": part, "b": part}))
    assert (alone["hidden"], alone["median_days"]) == (True, None)
    assert (both["hidden"], both["median_days"], both["n"]) == (False, 100, 6)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"group_by": "region"}, "b.json: group_by is 'region', and in a.json 'technique'"),
        ({"made_by": "relief/2 1"}, "b.json: made_by is 'relief/2 1'"),
        ({"definition": "full"}, "b.json: definition"),
        ({"filters": {}}, "b.json: filters"),
        ({"outside": True}, "b.json: outside"),
    ],
)
def test_what_was_asked_otherwise_is_not_merged(more: dict[str, object], says: str) -> None:
    with pytest.raises(MergeError) as refused:
        merged({"a.json": file_of([]), "b.json": file_of([], **more)})
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"counts": [["cooled", "return", -1, 0, 1]]}, "counts/0/2"),
        ({"counts": [["cooled", "return", 10, 0, 0]]}, "counts/0/4"),
        ({"counts": [["cooled", "gone", 10, 0, 1]]}, "counts/0/1"),
        ({"counts": [["cooled", "return", 10.5, 0, 1]]}, "counts/0/2"),
        ({"counts": None}, "counts"),
        ({"persons": [[["cooled", "return", 10, 0, 2]]]}, "persons"),
        ({"form": "something else"}, "form"),
        ({"name": "Ada"}, "name"),
    ],
)
def test_a_damaged_file_is_refused_by_its_place(change: dict[str, object], place: str) -> None:
    text = json.dumps(json.loads(file_of([]).model_dump_json()) | change)
    with pytest.raises(MergeError, match=f"^a.json: .*{place}"):
        read_counts("a.json", text)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(MergeError, match=r"^a\.json: .*JSON"):
        read_counts("a.json", b"not at all")


def test_counts_that_contradict_each_other_are_refused() -> None:
    """Persons with several procedures are among those that are counted."""
    damaged = json.loads(file_of([]).model_dump_json()) | {"persons": [[["cooled", "return", 10, 0, 1]] * 2]}
    with pytest.raises(MergeError, match="persons"):
        read_counts("a.json", json.dumps(damaged))
