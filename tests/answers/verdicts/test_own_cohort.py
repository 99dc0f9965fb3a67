"""A clinic's own outcomes move its forecasts, and nothing else: not what is past, not another clinic."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts import own_cohort
from app.answers.verdicts.own_cohort import clinic_relief
from app.answers.verdicts.tables import ClinicRelief, KeptVerdict, OutcomeRow
from app.base.store.typed import col, table, to, wholes
from app.relief import LEARNED_FROM, SeenReliefs, learn
from tests.alerts.flags.test_conclusions import work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.relief.support import course as scores_of
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
TREATED = date(2025, 9, 28)


async def treated(service: Service, number: int, ends: int | None) -> str:
    """A patient who does well until a day, or still; the procedure's id."""
    new = {"name": f"Patient {number}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
    who = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    body = {"performed_on": TREATED.isoformat(), "region": "lumbar", "laterality": "left"}
    procedure = (await service("cleo", "POST", f"/v1/patients/{who}/procedures", json=body)).json()["id"]
    scores = scores_of(7, 2, ends, 7, 210, seed=number)
    entries = [{"date": (TREATED + timedelta(days=d)).isoformat(), **entry(s)} for d, s in scores.items()]
    answer = await service("cleo", "POST", f"/v1/patients/{who}/diary", json={"entries": entries})
    assert answer.status_code == 200, answer.text
    return str(procedure)


async def next_day(service: Service, clock: Clock) -> dict[bool, int]:
    """The worker's round a day later; how often each clinic's cohort has taught anew, this one's first."""
    clock.now += timedelta(hours=24, minutes=1)
    await service.sign_in_again()
    await work(service)
    async with service.app.state.database.read() as connection:
        found = wholes(ClinicRelief, (await connection.execute(select(clinic_relief))).all())
    assert all(clock.now - one.looked_at < timedelta(minutes=1) for one in found)
    return {one.clinic_id == service.clinic_id: one.learned for one in found}


async def relief(
    service: Service, procedure: str, who: str = "cleo", **headers: str
) -> tuple[int, str, dict[str, Any]]:
    answer = await service(who, "GET", f"/v1/procedures/{procedure}/relief", headers=headers)
    return answer.status_code, answer.headers["etag"], answer.json() if answer.content else {}


async def test_forecasts_follow_the_clinics_own_returns(service: Service, clock: Clock) -> None:
    well = await treated(service, 0, None)
    for number in range(12):
        await treated(service, 1 + number, 70 + 3 * number)
    await work(service)
    _, tag, before = await relief(service, well)
    assert before["forecast"]["cohort"] is None, "the clinic was looked at before there was an outcome"
    as_of = {"as_of": before["as_of"]}
    await next_day(service, clock)
    _, _, after = await relief(service, well)
    cohort = after["forecast"]["cohort"]
    assert cohort["n"] == 12 and 80 < cohort["median_days"] < 140
    assert (await relief(service, well))[1] != tag
    same_day = (await service("cleo", "GET", f"/v1/procedures/{well}/relief", params=as_of)).json()
    moved = {name for name in before if before[name] != same_day[name]}
    assert moved == {"forecast", "says"}, "what is past rests on the patient's own record"
    assert same_day["forecast"]["return_within_90_days"] > before["forecast"]["return_within_90_days"] + 0.1
    await enter(service)
    page = (await service("nobody", "GET", f"/clinic/procedures/{well}")).text
    assert "heeds the 12 returns seen in this clinic, beside the literature" in page


async def test_what_moves_little_makes_no_verdict_anew(service: Service, clock: Clock) -> None:
    well = await treated(service, 0, None)
    for number in range(12):
        await treated(service, 1 + number, 70 + 3 * number)
    await work(service)
    assert await next_day(service, clock) == {True: 1, False: 0}, "another clinic's outcomes teach it nothing"
    cohort = (await relief(service, well))[2]["forecast"]["cohort"]
    await treated(service, 20, 90)
    await work(service)
    assert await next_day(service, clock) == {True: 1, False: 0}
    assert (await relief(service, well))[2]["forecast"]["cohort"] == cohort, (
        "what is told is what the verdicts were made from"
    )
    for number in range(21, 27):
        await treated(service, number, 100)
    await work(service)
    _, tag, _ = await relief(service, well)
    assert (await relief(service, well, **{"if-none-match": tag}))[0] == 304
    assert await next_day(service, clock) == {True: 2, False: 0}
    assert (await relief(service, well))[2]["forecast"]["cohort"]["n"] == 19


async def test_a_verdict_that_somebody_holds_is_old_once_the_cohort_has_moved(service: Service, clock: Clock) -> None:
    well = await treated(service, 0, None)
    for number in range(12):
        await treated(service, 1 + number, 70 + 3 * number)
    await work(service)
    as_of = {"as_of": "2026-05-01"}
    first = await service("cleo", "GET", f"/v1/procedures/{well}/relief", params=as_of)
    await next_day(service, clock)
    held = {"if-none-match": first.headers["etag"]}
    again = await service("cleo", "GET", f"/v1/procedures/{well}/relief", params=as_of, headers=held)
    assert again.status_code == 200 and again.json()["forecast"] != first.json()["forecast"]


async def learn_at_once(service: Service) -> None:
    """Lets the worker look at the outcomes on the same day once more."""

    async def long_ago(connection: AsyncConnection) -> None:
        before = to(col(ClinicRelief.looked_at), datetime(2026, 4, 1, tzinfo=UTC))
        await connection.execute(update(clinic_relief).ordered_values(before))

    await service.app.state.database.write(long_ago)


async def test_within_a_day_each_verdict_is_made_anew_once(service: Service) -> None:
    well = await treated(service, 0, None)
    for number in range(12):
        await treated(service, 1 + number, 70 + 3 * number)
    await work(service)
    _, tag, _ = await relief(service, well)
    others = [
        await service("cleo", "GET", f"/v1/procedures/{well}/relief", params=more)
        for more in ({"definition": "full"}, {"as_known_on": "2026-04-30T12:00:00Z"})
    ]
    assert await work(service) == 0
    await learn_at_once(service)
    assert await work(service) == 13
    assert await work(service) == 0, "and not again"
    async with service.app.state.database.read() as connection:
        for table_of in (OutcomeRow, KeptVerdict):
            rows = await connection.execute(
                select(table(table_of).c.learned).where(table(table_of).c.definition == "half")
            )
            assert {learned for (learned,) in rows.all()} == {1}
    status, _, body = await relief(service, well, **{"if-none-match": tag})
    assert (status, body["forecast"]["cohort"]["n"]) == (200, 12)
    for before in others:  # by another definition, and of what was known before, nothing has changed
        again = await service("cleo", "GET", str(before.url))
        assert (again.headers["etag"], again.json()) == (before.headers["etag"], before.json())


async def test_one_clinic_that_can_not_be_read_holds_up_no_other(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_seen: object, *, least: int) -> None:
        raise ZeroDivisionError(least)

    for number in range(12):
        await treated(service, number, 70 + 3 * number)
    await work(service)
    await learn_at_once(service)
    monkeypatch.setattr(own_cohort, "learn", fails)
    await service.put("2026-04-30", 4)
    await work(service)
    async with service.app.state.database.read() as connection:
        found = wholes(ClinicRelief, (await connection.execute(select(clinic_relief))).all())
    assert [one.returns for one in found] == [None, None]
    assert all(one.looked_at > datetime(2026, 4, 2, tzinfo=UTC) for one in found), "it is tried again tomorrow"


def test_a_cohort_is_not_lost_by_a_return_that_is_taken_back() -> None:
    some = np.array([70.0 + 3 * k for k in range(8)])
    seen = SeenReliefs(some, np.ones(8), np.zeros(8), np.ones(8))
    assert learn(seen) is None
    assert learn(seen, least=LEARNED_FROM - own_cohort.LOST_BELOW) is not None
