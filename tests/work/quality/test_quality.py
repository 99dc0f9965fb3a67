"""The clinic's own figures: diaries kept, alarms and what became of them, and how soon a return was reviewed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.alerts.flags.tables import Flag
from app.base.store.typed import col, table
from app.work.reviews.tables import Review
from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.conftest import Clock
from tests.support import Service, in_clear

pytestmark = pytest.mark.anyio


async def figures(service: Service) -> dict[str, Any]:
    return dict((await service("cleo", "GET", "/v1/quality")).json())


async def test_a_review_that_opens_by_itself_answers_nothing(service: Service, clock: Clock) -> None:
    await returned(service)
    assert (await service("sam", "GET", "/v1/reviews")).json()["items"], "the worker has opened one"
    found = await figures(service)
    assert (found["returns"], found["reviewed"], found["due"], found["within_14"]) == (1, 0, 0, None)
    clock.now += timedelta(days=15)
    await service.sign_in_again()
    late = await figures(service)
    assert (late["reviewed"], late["due"], late["within_14"], late["days_to_review"]) == (0, 1, 0.0, None)


@pytest.mark.parametrize("where", ["flag", "review"])
async def test_the_first_step_of_a_person_does(service: Service, clock: Clock, where: str) -> None:
    await returned(service)
    clock.now += timedelta(days=2)
    await service.sign_in_again()
    if where == "flag":
        (flag,) = await flags(service, "kind=pain_return")
        await service("sam", "POST", f"/v1/flags/{flag['id']}/acknowledge")
    else:
        (review,) = (await service("sam", "GET", "/v1/reviews")).json()["items"]
        await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json={"note": "called her"})
    found = await figures(service)
    assert (found["returns"], found["reviewed"], found["due"], found["within_14"]) == (1, 1, 0, None)
    assert found["days_to_review"] == pytest.approx(2, abs=0.01)
    clock.now += timedelta(days=13)
    await service.sign_in_again()
    due = await figures(service)
    assert (due["due"], due["within_14"]) == (1, 1.0)


async def test_a_red_flag_of_the_diary_is_taken_up_by_staff_and_not_by_the_patient(service: Service) -> None:
    await service.new_procedure()
    await service.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 2}])
    (flag,) = await flags(service, "kind=red_flag")
    assert [one["acknowledged"] for one in (await figures(service))["alarms"]] == [0]
    await service("cleo", "POST", f"/v1/flags/{flag['id']}/acknowledge")
    assert [one["acknowledged"] for one in (await figures(service))["alarms"]] == [1]


async def test_what_the_patient_does_answers_no_return(service: Service) -> None:
    await returned(service)
    (review,) = (await service("sam", "GET", "/v1/reviews")).json()["items"]
    async with service.app.state.database.engine.begin() as connection:
        steps = [
            {
                "at": service.app.state.clock().isoformat(),
                "by": str(service.accounts["ada"][1]),
                "what": "x",
                "note": None,
            }
        ]
        mine = update(table(Review)).where(col(Review.id) == UUID(review["id"]))
        await connection.execute(mine.values(steps=in_clear(steps)))
    assert (await figures(service))["reviewed"] == 0


async def test_flags_are_counted_by_patient_years_and_by_what_people_did(service: Service) -> None:
    await returned(service)
    found = await figures(service)
    assert found["patient_years"] == pytest.approx(295 / 365.25, abs=0.01)
    assert found["flags"] == sum(one["raised"] for one in found["alarms"]) >= 1
    assert found["flags_a_patient_year"] == pytest.approx(found["flags"] / found["patient_years"], rel=0.02)
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5"])
    await work(service)
    after = await figures(service)
    assert (after["closed"], after["closed_without_action"]) == (after["flags"], after["flags"])


async def test_days_that_were_kept_are_counted_by_month(service: Service) -> None:
    await returned(service)
    found = await figures(service)
    # 278 days are logged without a gap, from the day after the procedure on; the last month is not over
    assert found["adherence"][0] == {"month": 1, "possible": 30, "logged": 30, "share": 1.0}
    assert found["adherence"][-1]["possible"] > found["adherence"][-1]["logged"]
    assert sum(month["possible"] for month in found["adherence"]) == 295


async def test_alarms_are_told_apart_by_what_became_of_them(service: Service, clock: Clock) -> None:
    await returned(service)
    (flag,) = await flags(service, "kind=pain_return")
    await service("sam", "POST", f"/v1/flags/{flag['id']}/acknowledge")
    clock.now += timedelta(days=30)
    await service.sign_in_again()
    await work(service)
    silent = {a["kind"]: a for a in (await service("cleo", "GET", "/v1/quality")).json()["alarms"]}
    assert silent["pain_return"] == {"kind": "pain_return", "raised": 1, "acknowledged": 1, "lapsed": 0, "open": 1}


async def test_an_empty_clinic_has_no_figures(service: Service) -> None:
    found = (await service("other", "GET", "/v1/quality")).json()
    assert found == {
        "adherence": [],
        "alarms": [],
        "patient_years": 0.0,
        "flags": 0,
        "flags_a_patient_year": None,
        "closed": 0,
        "closed_without_action": 0,
        "returns": 0,
        "settled": 0,
        "stood": 0,
        "precision": None,
        "reviewed": 0,
        "due": 0,
        "within_14": None,
        "days_to_review": None,
    }


@pytest.mark.parametrize(
    ("gone_after", "note", "stood"),
    [
        (None, None, 1),
        (20, "the verdict no longer says that pain has returned", 0),
        (90, "the verdict no longer says that pain has returned", 1),
        (20, "followed until 2026-06-01: surgery", 1),
    ],
)
async def test_a_return_that_entries_take_back_within_six_weeks_was_none(
    service: Service, clock: Clock, gone_after: int | None, note: str | None, stood: int
) -> None:
    await returned(service)
    raised = clock.now
    assert (await figures(service))["settled"] == 0, "it may still be a bad spell"
    if gone_after is not None:
        ceased = (raised + timedelta(days=gone_after)).date()
        steps = [{"at": raised.isoformat(), "by": None, "what": "lapsed", "note": note}]
        mine = update(table(Flag)).where(col(Flag.kind) == "pain_return")
        async with service.app.state.database.engine.begin() as connection:
            await connection.execute(mine.values(ceased_on=ceased, state="lapsed", steps=in_clear(steps)))
    clock.now += timedelta(days=100)
    await service.sign_in_again()
    found = await figures(service)
    assert (found["settled"], found["stood"], found["precision"]) == (1, stood, float(stood))
