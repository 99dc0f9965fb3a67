"""Two devices that changed one day without knowing of each other: nothing that only one of them changed is lost."""

from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.record.diary.content import EntryContent
from app.record.diary.merging import merged
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
DAY = "2026-04-30"
LEFT = {"region": "lumbar", "side": "left"}
PARTS = ("interference", "note", "flare_up")


def at(clock: Clock, minutes: int) -> str:
    return (clock.now + timedelta(minutes=minutes)).isoformat()


async def put(service: Service, **parts: object) -> Any:
    answer = await service("ada", "PUT", f"/v1/patients/{service.ada_id}/diary/{DAY}", json=parts)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def test_parts_that_two_devices_wrote_come_together(service: Service, clock: Clock) -> None:
    first = await put(service, pain=[{**LEFT, "average": 4}], note="slept well", recorded_at=at(clock, -60))
    base = first["revision"]
    await put(
        service,
        pain=[{**LEFT, "average": 4}],
        note="slept well, walked",
        based_on=base,
        recorded_at=at(clock, -40),
    )
    # the other phone had no signal, and wrote earlier than what the server has by now
    day = await put(
        service, pain=[{**LEFT, "average": 6}], note="slept well", based_on=base, recorded_at=at(clock, -50)
    )
    assert (day["pain"][0]["average"], day["note"]) == (6, "slept well, walked")
    path = f"/v1/patients/{service.ada_id}/diary/{DAY}/revisions"
    kept = (await service("ada", "GET", path)).json()["items"]
    told = [(one["entry"].get("note"), one["entry"]["pain"][0]["average"]) for one in kept]
    assert told == [("slept well", 4), ("slept well, walked", 4), ("slept well", 6), ("slept well, walked", 6)]
    assert [one["current"] for one in kept] == [False, False, False, True]


async def test_a_lost_answer_is_sent_again_and_changes_nothing(service: Service, clock: Clock) -> None:
    base = (await put(service, interference=2, recorded_at=at(clock, -60)))["revision"]
    await put(service, interference=2, note="a", based_on=base, recorded_at=at(clock, -50))
    again = {"interference": 5, "based_on": base, "recorded_at": at(clock, -40)}
    day = await put(service, **again)
    assert (day["interference"], day["note"]) == (5, "a")
    for _ in range(2):
        assert await put(service, **again) == day
    # also after the other device has gone on
    later = await put(service, interference=6, note="b", based_on=day["revision"], recorded_at=at(clock, -30))
    assert (await put(service, **again))["revision"] == later["revision"]


async def test_a_part_that_both_changed_is_the_later_writings_whatever_came_first(
    service: Service, clock: Clock
) -> None:
    base = (await put(service, interference=2, recorded_at=at(clock, -60)))["revision"]
    await put(service, interference=8, based_on=base, recorded_at=at(clock, -30))
    day = await put(service, interference=3, flare_up=True, based_on=base, recorded_at=at(clock, -40))
    assert (day["interference"], day["flare_up"]) == (8, True)


async def test_without_a_basis_the_day_is_replaced(service: Service, clock: Clock) -> None:
    await put(service, interference=2, note="a", recorded_at=at(clock, -60))
    assert (await put(service, interference=3, recorded_at=at(clock, -50)))["note"] is None


async def test_two_first_entries_of_a_day_come_together(service: Service, clock: Clock) -> None:
    await put(service, interference=2, based_on=0, recorded_at=at(clock, -60))
    day = await put(service, note="a", based_on=0, recorded_at=at(clock, -50))
    assert (day["interference"], day["note"]) == (2, "a")


async def test_a_basis_that_the_server_never_had_is_like_none_known(service: Service, clock: Clock) -> None:
    await put(service, interference=2, recorded_at=at(clock, -60))
    day = await put(service, note="a", based_on=77, recorded_at=at(clock, -50))
    assert (day["interference"], day["note"]) == (2, "a")  # nothing is dropped for a number


async def test_what_one_changed_and_the_other_deleted_stays(service: Service, clock: Clock) -> None:
    base = (await put(service, interference=2, note="a"))["revision"]
    await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/diary/{DAY}")
    clock.now += timedelta(minutes=5)
    day = await put(service, interference=2, note="b", based_on=base)
    assert (day["interference"], day["note"]) == (None, "b")


async def test_moments_of_two_phones_are_both_kept_and_the_average_follows(service: Service, clock: Clock) -> None:
    def noted(hour: int, score: float) -> dict[str, Any]:
        return {"at": f"{DAY}T{hour:02}:00:00+02:00", "pain": [{**LEFT, "now": score}]}

    base = (await put(service, moments=[noted(8, 2)], recorded_at=at(clock, -60)))["revision"]
    await put(service, moments=[noted(8, 2), noted(12, 6)], based_on=base, recorded_at=at(clock, -50))
    day = await put(service, moments=[noted(8, 2), noted(16, 4)], based_on=base, recorded_at=at(clock, -40))
    assert [one["pain"][0]["now"] for one in day["moments"]] == [2, 6, 4]
    assert (day["pain"][0]["average"], day["pain"][0]["worst"]) == (4.5, 6)


async def test_a_merged_day_has_the_dose_of_its_medicines(service: Service, clock: Clock) -> None:
    tramadol = [{"code": "10689", "dose": 50, "unit": "mg", "times": 2}]
    base = (await put(service, interference=2, recorded_at=at(clock, -60)))["revision"]
    await put(service, interference=2, medications=tramadol, based_on=base, recorded_at=at(clock, -50))
    day = await put(service, interference=4, based_on=base, recorded_at=at(clock, -40))
    assert (day["interference"], day["opioid_mme"]) == (4, 20)


async def test_an_earlier_writing_that_changes_nothing_adds_itself_and_no_more(service: Service, clock: Clock) -> None:
    base = (await put(service, interference=2, recorded_at=at(clock, -60)))["revision"]
    await put(service, interference=8, based_on=base, recorded_at=at(clock, -30))
    day = await put(service, interference=3, based_on=base, recorded_at=at(clock, -40))
    assert day["interference"] == 8
    path = f"/v1/patients/{service.ada_id}/diary/{DAY}/revisions"
    assert [one["entry"]["interference"] for one in (await service("ada", "GET", path)).json()["items"]] == [2, 8, 3]


async def test_sites_in_another_order_are_no_change(service: Service, clock: Clock) -> None:
    right = {**LEFT, "side": "right"}
    pain = [{**LEFT, "average": 4}, {**right, "average": 5}]
    first = await put(service, pain=pain, recorded_at=at(clock, -60))
    await put(service, pain=pain, note="walked", based_on=first["revision"], recorded_at=at(clock, -50))
    await put(
        service,
        pain=[{**right, "average": 6}, {**LEFT, "average": 4}],
        note="walked",
        based_on=first["revision"],
        recorded_at=at(clock, -40),
    )
    path = f"/v1/patients/{service.ada_id}/diary/{DAY}/revisions"
    assert len((await service("ada", "GET", path)).json()["items"]) == 3  # each writing, and no merged day besides


def test_scores_that_are_not_right_together_are_those_of_the_later_writing() -> None:
    def scored(average: float, worst: float) -> EntryContent:
        return as_content({"pain": [{**LEFT, "average": average, "worst": worst}]})

    for is_later, right in ((True, scored(7, 8)), (False, scored(2, 3))):
        new, held = scored(7, 8), scored(2, 3)
        assert merged(scored(2, 8), held, new, new_is_later=is_later) == right


entry = st.fixed_dictionaries(
    {},
    optional={
        "interference": st.integers(0, 3),
        "note": st.sampled_from("abc"),
        "flare_up": st.booleans(),
        "pain": st.lists(
            st.tuples(st.sampled_from(("left", "right")), st.integers(0, 4), st.integers(5, 9)),
            min_size=1,
            max_size=2,
            unique_by=lambda one: one[0],
        ).map(lambda sites: [{"region": "lumbar", "side": s, "average": a, "worst": w} for s, a, w in sites]),
    },
)


def as_content(value: dict[str, Any]) -> EntryContent:
    return cast(EntryContent, value)


def points(content: EntryContent | None) -> dict[tuple[str, ...], Any]:
    """Each thing that a day says, by its place."""
    out: dict[tuple[str, ...], Any] = {}
    for name, value in (content or {}).items():
        if name == "pain":
            for one in cast(list[dict[str, Any]], value):
                out |= {("pain", one["side"], score): one[score] for score in ("average", "worst") if score in one}
        else:
            out[(name,)] = value
    return out


@given(entry, entry, entry, st.booleans())
def test_each_change_of_one_side_stays_and_of_both_the_later(
    base: dict[str, Any], held: dict[str, Any], new: dict[str, Any], is_later: bool
) -> None:
    was, theirs, ours = (points(as_content(one)) for one in (base, held, new))
    got = points(merged(as_content(base), as_content(held), as_content(new), new_is_later=is_later))
    for place in {*was, *theirs, *ours}:
        a, b, c = was.get(place), theirs.get(place), ours.get(place)
        if place[0] == "pain" and ("pain" not in held or "pain" not in new):
            continue  # then the whole part was taken away by one of them
        right = b if c == a else c if b == a else c if is_later else b
        assert got.get(place) == right, place


@given(entry, entry, entry)
def test_it_does_not_matter_who_came_first(base: dict[str, Any], one: dict[str, Any], other: dict[str, Any]) -> None:
    b, x, y = as_content(base), as_content(one), as_content(other)
    assert points(merged(b, x, y, new_is_later=True)) == points(merged(b, y, x, new_is_later=False))
