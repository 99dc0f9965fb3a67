"""A clinic of 200 people over three years, replayed day by day through the doors that people use.

python -m tests.benchmarks.clinic [PEOPLE] [DAYS]

Each evening the patients write, each night the worker concludes, each weekday two schedulers work what they can. Courses
come from the wide population of the generated diaries, which shares nothing with the engine; what truly happened is known.
Printed: how many returns were detected and reviewed in time, what the flags cost and led to, whether any came twice; then
what fifty kills of the worker change.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from app.alerts.flags.service import flag
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make
from app.base.logs import configure
from app.base.settings import Settings
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from app.relief import EngineState
from app.work.reviews.service import review
from app.work.worker import work_once
from tests.benchmarks.clinic_kills import kills
from tests.benchmarks.clinic_people import Course, Person, Staff, course
from tests.benchmarks.rivals import rule_of_thumb
from tests.support import Service, open_service

BEGIN = date(2023, 1, 2)
LOOKED_AT = timedelta(days=14)
FOLLOWED = timedelta(days=60)  # long enough to tell a return from a flare-up
_left: dict[UUID, EngineState] = {}


def _make(material: VerdictMaterial) -> AssembledVerdict:
    """The verdict in a process that keeps what the engine left behind, so that a new day costs it one step."""
    return make(material, _left.setdefault(material.procedure_id, EngineState()))


class Sticky(Executor):
    """Processes; what is about the same procedure goes to the same one."""

    def __init__(self, count: int) -> None:
        self._pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(count)]

    def submit(self, _fn: Any, /, *args: Any, **_kwargs: Any) -> Future[Any]:
        (material,) = args
        made: Future[Any] = self._pools[material.procedure_id.int % len(self._pools)].submit(_make, material)
        return made

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for pool in self._pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)


class Day:
    """The clock of the replay: a second passes with each look at it."""

    def __init__(self) -> None:
        self.now = datetime.combine(BEGIN, clock_time(6), UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=10)
        return self.now


async def replay(url: str, people: int, days: int, console: Console) -> dict[str, Any]:
    """Replays the clinic; answers what there is to report."""
    clock, rng = Day(), np.random.default_rng(20261124)
    settings = Settings.model_validate(
        {"database_url": url, "worker_seconds": 0, "token_hours": 24 * 90, "idle_minutes": 60 * 24 * 90}
    )
    app, begun = create_app(settings, clock), time.monotonic()
    async with open_service(app, clock) as service:
        everybody: dict[str, Person] = {}
        starts = np.sort(rng.integers(20, max(21, days // 2), people))
        staff = Staff(service, everybody, rng)
        chain = [str(service.accounts[who][1]) for who in ("sam", "cleo")]
        await staff.call("root", "PATCH", "/v1/clinic", {"alarm_budget": 25, "chain": chain})
        await _slots(service, days)
        with Sticky(2) as executor:
            for day in range(days):
                today = BEGIN + timedelta(days=day)
                clock.now = datetime.combine(today, clock_time(5), UTC)
                if day % 60 == 0:
                    await service.sign_in_again()
                for i in np.flatnonzero(starts == day + 14):  # she begins to write two weeks before
                    await _join(staff, int(i), today)
                await work_once(app.state.database, clock, most=None, executor=executor)
                await _treat(staff, today, rng)
                await _answer(staff, today, rng)
                clock.now = datetime.combine(today, clock_time(8), UTC)
                await staff.work(today, clock())
                clock.now = datetime.combine(today, clock_time(19, 30), UTC)
                await _write(staff, today)
                if day % 30 == 29:
                    spent = time.monotonic() - begun
                    console.print(f"day {day + 1} of {days}, {len(everybody)} people, {spent:.0f} s", highlight=False)
        async with app.state.database.read() as connection:
            flags = (await connection.execute(select(flag))).all()
            reviews = (await connection.execute(select(review))).all()
    return {"staff": staff, "flags": flags, "reviews": reviews, "end": BEGIN + timedelta(days=days), "days": days}


async def _slots(service: Service, days: int) -> None:
    clinician = str(service.accounts["cleo"][1])
    for year in range(days // 365 + 2):
        first = BEGIN + timedelta(days=365 * year)
        body = {
            "clinician_id": clinician,
            "starts_at": f"{first}T08:00:00Z",
            "minutes": 60,
            "location": "Room 2",
            "repeats": "FREQ=WEEKLY;BYDAY=MO,TU,TH,FR;COUNT=208",
            "time_zone": "Europe/Zurich",
        }
        answer = await service("sam", "POST", "/v1/slots", json=body)
        assert answer.status_code == 201, answer.text


async def _join(staff: Staff, number: int, today: date) -> None:
    """A new patient with an account; her procedure is in two weeks, and is recorded then."""
    new = {"name": f"Person {number:03d}", "born_on": "1960-05-04", "time_zone": "Europe/Zurich"}
    patient_id = (await staff.call("cleo", "POST", "/v1/patients", new))["id"]
    name = f"person-{number}"
    await staff.service.add(name, staff.service.clinic_id, "patient", patient_id)
    person = staff.people[patient_id] = Person(name, patient_id)
    person.courses.append(course("", today + timedelta(days=14), 910_000 + number, first=True))


async def _treat(staff: Staff, today: date, rng: np.random.Generator) -> None:
    """The procedures of the day: the first ones as planned, and the repeats that were booked."""
    for person in staff.people.values():
        own = person.courses[-1]
        if not own.procedure_id and own.performed_on == today:
            own.procedure_id = await _procedure(staff, person, today, own.made.line["baseline_pain"])
    for review_id, on in list(staff.booked.items()):
        if on == today:
            del staff.booked[review_id]
            row = await staff.call("sam", "GET", f"/v1/reviews/{review_id}")
            person = staff.people[row["patient_id"]]
            new = course("", today, int(rng.integers(920_000, 990_000)), first=False)
            new.procedure_id = await _procedure(staff, person, today, new.made.line["baseline_pain"])
            person.courses.append(new)
    for number, person in enumerate(staff.people.values()):  # the calls of the plan, but for one in seven
        own = person.courses[-1]
        for name, day in (("days_1_3", 2), ("weeks_2", 14), ("weeks_6_8", 48), ("months_3", 90), ("months_6", 180)):
            if own.procedure_id and (today - own.performed_on).days == day and (number + day) % 7:
                made = {"contact": name, "done_on": today.isoformat(), "procedure_id": own.procedure_id}
                await staff.call("sam", "POST", f"/v1/patients/{person.patient_id}/contacts", made)


async def _procedure(staff: Staff, person: Person, today: date, baseline: object) -> str:
    new = {
        "performed_on": today.isoformat(),
        "region": "lumbar",
        "laterality": "bilateral",
        "joints": ["L4-5", "L5-S1"],
        "technique": "thermal",
        "baseline_pain": baseline,
    }
    return str((await staff.call("cleo", "POST", f"/v1/patients/{person.patient_id}/procedures", new))["id"])


async def _answer(staff: Staff, today: date, rng: np.random.Generator) -> None:
    """Two of three patients who are asked answer within the day, as it truly is."""
    rows = (await staff.call("sam", "GET", "/v1/flags?kind=return_likely&state=open&limit=200"))["items"]
    for row in rows:
        if row["asked_at"] is None or row["answer"] is not None or row["id"] in staff.people[row["patient_id"]].asked:
            continue
        person = staff.people[row["patient_id"]]
        person.asked[row["id"]] = today
        own = next(c for c in person.courses if c.procedure_id == row["procedure_id"])
        if rng.random() < 0.67:
            said = "pain_is_back" if own.truly_back(today) else "a_bad_spell"
            await staff.call(person.name, "POST", f"/v1/flags/{row['id']}/answer", {"answer": said})


async def _write(staff: Staff, today: date) -> None:
    for person in staff.people.values():
        entries = person.courses[-1].writes.get(today)
        if entries:
            path = f"/v1/patients/{person.patient_id}/diary"
            answer = await staff.call(person.name, "POST", path, {"entries": entries})
            assert all(item["status"] != "rejected" for item in answer["items"]), answer


def report(found: dict[str, Any], console: Console) -> None:
    """Prints the figures."""
    staff, flags, end = found["staff"], found["flags"], found["end"]
    courses = {
        c.procedure_id: (person, c) for person in staff.people.values() for c in person.courses if c.procedure_id
    }
    years = sum(_watched(person, c, end) for person, c in courses.values()) / 365.25
    returns = {
        p: _until(person, c, end) - c.returned_on
        for p, (person, c) in courses.items()
        if c.returned_on and c.returned_on <= _until(person, c, end)
    }
    called = {
        str(f.procedure_id): f
        for f in sorted(flags, key=lambda f: f.raised_at, reverse=True)
        if f.kind == "pain_return" or (f.kind == "masked_climb" and not f.says.startswith("opioids rose"))
    }
    true = {p: f for p, f in called.items() if courses[p][1].truly_back(f.raised_at.date())}
    by_flag = {r.flag_id: r for r in found["reviews"]}
    by_procedure = {str(r.procedure_id): r for r in found["reviews"]}
    waits, open_still = [], 0
    for procedure, one in true.items():
        opened = by_flag.get(one.id) or by_procedure.get(procedure)
        at = staff.reviewed.get(str(opened.id)) if opened else None
        if at is not None:
            waits.append(at - one.raised_at)
        elif one.raised_at.date() > end - LOOKED_AT:
            open_still += 1
    due = len(true) - open_still
    in_time = sum(wait <= LOOKED_AT for wait in waits)
    delays = [(f.raised_at.date() - courses[p][1].returned_on).days for p, f in true.items()]
    console.print(
        f"\n{len(staff.people)} people, {len(courses)} procedures, {years:.0f} patient-years; "
        f"{len(returns)} true returns while somebody wrote, {len(true)} called truly "
        f"(median {median(delays) if delays else 0:.0f} days after), {len(called) - len(true)} falsely: "
        f"{(len(called) - len(true)) / years:.2f} a patient-year"
    )
    long = [p for p, more in returns.items() if more >= FOLLOWED]
    console.print(
        f"of the {len(long)} returns about which somebody wrote for {FOLLOWED.days} days more: "
        f"{sum(p in true for p in long)} called truly"
    )
    thumb = [rule_of_thumb(c.made) for _, c in courses.values()]
    false = sum(
        t.call is not None and not _true_call(c, t.call) for t, (_, c) in zip(thumb, courses.values(), strict=True)
    )
    console.print(f"the rule of thumb on the same courses, whole: {false / years:.2f} false calls a patient-year")
    console.print(
        f"returns reviewed within 14 days of their call: {in_time} of {due}, {in_time / max(1, due):.1%} (asked 95 %); "
        f"median {median(waits).total_seconds() / 86_400 if waits else 0:.1f} days"
    )
    _flag_table(staff, flags, years, console)
    console.print(f"raised twice: {_twice(flags)}")
    late = [f for f in flags if f.state == "open" and f.shown_at and f.raised_at.date() < end - timedelta(days=30)]
    console.print(f"shown, and after 30 days nobody has looked: {len(late)}")


def _true_call(one: Course, day: int) -> bool:
    return one.made.returned is not None and day >= one.made.returned - 30


def _until(person: Person, own: Course, end: date) -> date:
    """The last day that somebody wrote about a course."""
    later = [c.performed_on for c in person.courses if c.performed_on > own.performed_on]
    written = max((on for on in own.writes), default=own.performed_on)
    return min([end, written, *later])


def _watched(person: Person, own: Course, end: date) -> int:
    return max(0, (_until(person, own, end) - own.performed_on).days)


def _flag_table(staff: Staff, flags: Any, years: float, console: Console) -> None:
    table = Table("kind", "raised", "a patient-year", "shown", "lapsed unseen", "worked", "led to action")
    rows = Counter(f.kind for f in flags)
    for kind in [*sorted(rows), "all"]:
        mine = [f for f in flags if kind in ("all", f.kind)]
        worked = [f for f in mine if str(f.id) in staff.acted]
        led = sum(staff.acted[str(f.id)] for f in worked)
        shown = sum(f.shown_at is not None for f in mine)
        unseen = sum(f.shown_at is None and f.state == "lapsed" for f in mine)
        share = f"{led / len(worked):.0%}" if worked else "–"
        table.add_row(
            kind, str(len(mine)), f"{len(mine) / years:.2f}", str(shown), str(unseen), str(len(worked)), share
        )
    console.print(table)


def _twice(flags: Any) -> int:
    """Flags of the same cause that were there at the same time."""
    found = 0
    groups: dict[Any, list[Any]] = {}
    for f in flags:
        groups.setdefault((f.patient_id, f.procedure_id, f.kind) if f.procedure_id else f.id, []).append(f)
    for some in groups.values():
        some.sort(key=lambda f: f.raised_at)
        for one, following in pairwise(some):
            found += one.ceased_on is None or one.ceased_on > following.raised_at.date()
    return found


def main(people: int, days: int) -> None:
    console = Console(width=140)
    configure("warning")
    folder = Path(tempfile.mkdtemp(prefix="reprieve-clinic-"))
    try:
        url = f"sqlite+aiosqlite:///{folder / 'clinic.db'}"
        upgrade(url)
        report(asyncio.run(replay(url, people, days, console)), console)
        kills(folder, console)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["200", "1095"][len(sys.argv) - 1 :])))
