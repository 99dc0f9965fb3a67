"""Moments of a day: what follows from them, until the patient gives an average or a worst of their own."""

import csv
import io
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.record.diary.content import EntryContent, PainContent
from app.record.diary.moments import nearest_half, settled, without_derived
from tests.support import Service

pytestmark = pytest.mark.anyio
DAY = "2026-04-30"


def moment(time: str, score: float | None, note: str | None = None, offset: str = "+02:00") -> dict[str, Any]:
    """A moment of the day at the left low back."""
    out: dict[str, Any] = {"at": f"{DAY}T{time}:00{offset}"}
    if score is not None:
        out["pain"] = [{"region": "lumbar", "side": "left", "now": score}]
    return out if note is None else {**out, "note": note}


async def put(service: Service, **parts: object) -> Any:
    return await service("ada", "PUT", f"/v1/patients/{service.ada_id}/diary/{DAY}", json=parts)


async def test_the_average_is_over_time_and_the_worst_the_highest(service: Service) -> None:
    # 2 at eight, 2 until noon, 8 at two, 2 at four: mostly 2
    told = [moment("08:00", 2), moment("12:00", 2), moment("14:00", 8), moment("16:00", 2)]
    made = await put(service, moments=told)
    assert made.status_code == 201, made.text
    # (4 h at 2, 4 h that rise to 8 and fall again, 5 on the mean) / 8 h = 3.5
    (pain,) = made.json()["pain"]
    assert (pain["average"], pain["worst"]) == (3.5, 8)
    assert made.json()["from_moments"] == [{"region": "lumbar", "side": "left", "scores": ["average", "worst"]}]
    assert [one["pain"][0]["now"] for one in made.json()["moments"]] == [2, 2, 8, 2]


async def test_a_score_of_their_own_stays_and_the_other_still_follows(service: Service) -> None:
    own = [{"region": "lumbar", "side": "left", "average": 6}]
    made = (await put(service, pain=own, moments=[moment("08:00", 2), moment("20:00", 4)])).json()
    assert (made["pain"][0]["average"], made["pain"][0]["worst"]) == (6, 6)  # never a worst under the average
    assert made["from_moments"] == [{"region": "lumbar", "side": "left", "scores": ["worst"]}]
    below = [{"region": "lumbar", "side": "left", "worst": 1}]
    made = (await put(service, pain=below, moments=[moment("08:00", 2), moment("20:00", 4)])).json()
    assert (made["pain"][0]["average"], made["pain"][0]["worst"]) == (1, 1)


async def test_what_an_entry_shows_may_be_sent_back_and_another_moment_counts(service: Service) -> None:
    shown = (await put(service, moments=[moment("08:00", 2)])).json()
    assert (shown["pain"][0]["average"], shown["pain"][0]["worst"]) == (2, 2)
    back = {name: shown[name] for name in ("pain", "from_moments")}
    shown = (await put(service, **back, moments=[*shown["moments"], moment("20:00", 6)])).json()
    assert (shown["pain"][0]["average"], shown["pain"][0]["worst"]) == (4, 6)


async def test_a_moment_of_a_note_alone_makes_no_score_and_a_side_of_its_own(service: Service) -> None:
    right = {"at": f"{DAY}T09:00:00Z", "pain": [{"region": "lumbar", "side": "right", "now": 3}]}
    made = (await put(service, moments=[moment("08:00", None, "got up"), moment("09:00", 5), right])).json()
    assert [(p["side"], p["average"]) for p in made["pain"]] == [("left", 5), ("right", 3)]


@pytest.mark.parametrize(
    ("moments", "pointer"),
    [
        ([{"at": "2026-04-29T23:59:00+02:00", "note": "x"}], "/moments/0/at"),
        ([{"at": "2026-04-30T23:59:00", "note": "x"}], "/moments/0/at"),
        ([{"at": f"{DAY}T08:00:00Z"}], "/moments/0"),
        ([moment("08:00", 11)], "/moments/0/pain/0/now"),
        ([moment("08:00", 1), moment("06:00", 2, offset="Z")], "/moments"),
        ([moment(f"{hour:02}:{minute:02}", 1) for hour in range(5) for minute in range(0, 50, 10)], "/moments"),
        ([], ""),
    ],
)
async def test_what_is_no_moment_is_refused_and_named(
    service: Service, moments: list[dict[str, Any]], pointer: str
) -> None:
    answer = await put(service, moments=moments)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_scores_that_follow_from_no_moment_are_refused(service: Service) -> None:
    follows = [{"region": "lumbar", "side": "left", "scores": ["average"]}]
    answer = await put(service, pain=[{"region": "lumbar", "side": "left", "average": 2}], from_moments=follows)
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/from_moments"]


async def test_the_words_of_a_moment_are_read_for_danger(service: Service) -> None:
    made = await put(service, moments=[moment("08:00", 2, "I can't feel between my legs")])
    assert made.json()["advice"]
    flags = (await service("cleo", "GET", "/v1/flags")).json()["items"]
    assert {flag["kind"] for flag in flags} == {"red_flag"}


async def test_the_sheet_the_lines_and_the_record_tell_moments(service: Service) -> None:
    await put(service, moments=[moment("08:00", 2, "got\nup"), moment("20:00", 6)])
    path = f"/v1/patients/{service.ada_id}/diary"
    sheet = (await service("ada", "GET", path, headers={"Accept": "text/csv"})).text
    (row,) = csv.DictReader(io.StringIO(sheet))
    assert (row["pain_average"], row["pain_worst"]) == ("4", "6")
    assert row["moments"] == "08:00 lumbar left 2 got up; 20:00 lumbar left 6"
    kept = (await service("ada", "GET", f"/v1/patients/{service.ada_id}/record")).json()["diary"]
    assert len(kept[-1]["content"]["moments"]) == 2
    other = await service("other", "POST", "/v1/records", json=(await record_of(service)))
    assert other.status_code == 201, other.text


async def record_of(service: Service) -> Any:
    return (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).json()


scores = st.integers(0, 20).map(lambda halves: halves / 2)
days = st.lists(st.tuples(st.integers(0, 1439), scores), min_size=1, max_size=24, unique_by=lambda one: one[0])


@given(days, scores | st.none(), scores | st.none())
def test_what_follows_lies_among_the_scores_and_is_worked_out_once(
    noted: list[tuple[int, float]], average: float | None, worst: float | None
) -> None:
    if average is not None and worst is not None and worst < average:
        worst = average
    content = cast(EntryContent, {"moments": [moment(f"{m // 60:02}:{m % 60:02}", s) for m, s in noted]})
    own = {name: score for name, score in (("average", average), ("worst", worst)) if score is not None}
    if own:
        content["pain"] = [cast(PainContent, {"region": "lumbar", "side": "left", **own})]
    whole = settled(content)
    (pain,) = whole["pain"]
    lowest, highest = min(s for _, s in noted), max(s for _, s in noted)
    assert pain["worst"] >= pain["average"]
    if average is None and worst is None:
        assert lowest <= pain["average"] <= highest == pain["worst"]
    assert settled(whole) == whole
    assert without_derived(whole) == content


def test_what_lies_between_two_halves_goes_up() -> None:
    assert [nearest_half(one) for one in (0.24, 0.25, 3.75, 9.75)] == [0.0, 0.5, 4.0, 10.0]
