"""The people of the simulated clinic: patients with known courses, and staff with a day's work in them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from tests.benchmarks.diaries import START, AssembledVerdict, make
from tests.benchmarks.mixes import WIDE
from tests.support import Service

TRAMADOL = {"code": "10689", "dose": 50, "unit": "mg"}
ASKED_FOR = timedelta(days=3)  # she has the question to herself
TRUE_WITHIN = 30  # days before the true return from which a call of it counts as true: the climb has begun


@dataclass
class Course:
    """One treatment of somebody: what truly happened after it, and what she writes on which day."""

    procedure_id: str
    performed_on: date
    made: AssembledVerdict
    writes: dict[date, list[dict[str, Any]]]

    @property
    def returned_on(self) -> date | None:
        """The day of the true return."""
        return None if self.made.returned is None else self.performed_on + timedelta(days=self.made.returned)

    def truly_back(self, on: date) -> bool:
        """Whether a call of a return on a day would be right."""
        return self.returned_on is not None and on >= self.returned_on - timedelta(days=TRUE_WITHIN)


@dataclass
class Person:
    """A patient."""

    name: str
    patient_id: str
    courses: list[Course] = field(default_factory=list)
    asked: dict[str, date] = field(default_factory=dict)


def course(procedure_id: str, performed_on: date, seed: int, first: bool) -> Course:
    """What somebody writes after a procedure, with the days before it where it is her first."""
    made = make(WIDE, seed)
    shift = performed_on - START
    writes: dict[date, list[dict[str, Any]]] = defaultdict(list)
    entries: Any = made.line["entries"]
    for one in entries:
        on, written = (date.fromisoformat(one[key]) + shift for key in ("date", "recorded_on"))
        if on <= performed_on and not first:
            continue
        body: dict[str, Any] = {
            "date": on.isoformat(),
            "pain": [{"region": "lumbar", "side": "both", "average": one["pain_average"], "worst": one["pain_worst"]}],
            "recorded_at": f"{written}T19:00:00+00:00",
        }
        if one["opioid_mme"] is not None:
            times = round(one["opioid_mme"] / 10)  # 50 mg of tramadol are 10 MME
            body["medications"] = [{**TRAMADOL, "times": times}] if times else []
        writes[written].append(body)
    return Course(procedure_id, performed_on, made, writes)


@dataclass
class Staff:
    """Two schedulers on weekdays, one of them away now and then; so many pieces of work a day each, and no more."""

    service: Service
    people: dict[str, Person]
    rng: np.random.Generator
    pieces: int = 8
    acted: dict[str, bool] = field(default_factory=dict)
    reviewed: dict[str, datetime] = field(default_factory=dict)
    booked: dict[str, date] = field(default_factory=dict)

    async def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = await self.service(who, method, path, json=body)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def work(self, today: date, now: datetime) -> None:
        if today.weekday() >= 5:
            return
        left = self.pieces * (1 if today.isocalendar().week % 13 in (0, 1) else 2)
        left = await self._reviews(today, now, left)
        await self._flags(today, left)

    async def _reviews(self, today: date, now: datetime, left: int) -> int:
        for row in (await self.call("sam", "GET", "/v1/reviews?limit=200"))["items"]:
            if left <= 0 or row["state"] == "booked":
                continue
            where, person = f"/v1/reviews/{row['id']}", self.people[row["patient_id"]]
            mine = next(c for c in person.courses if c.procedure_id == row["procedure_id"])
            if row["state"] == "opened":
                await self.call("sam", "PATCH", where, {"checklist": {"relief_and_dates": "yes"}})
                self.reviewed[row["id"]] = now
            elif not mine.truly_back(today):
                await self.call(
                    "sam", "POST", f"{where}/decide", {"decision": "none", "reason": "not what it looked like"}
                )
            elif self.rng.random() < 0.15:
                until = (today + timedelta(days=60)).isoformat()
                decided = {"decision": "wait", "reason": "she wants to wait", "wait_until": until}
                await self.call("sam", "POST", f"{where}/decide", decided)
            elif self.rng.random() < 0.2:
                await self.call("sam", "POST", f"{where}/decide", {"decision": "other_treatment", "reason": "her wish"})
            else:
                left -= await self._book(where, row, today)
            left -= 1
        return left

    async def _book(self, where: str, row: Any, today: date) -> int:
        begin = (today + timedelta(days=7)).isoformat() + "T00:00:00Z"
        free = (await self.call("sam", "GET", f"/v1/slots?free=true&limit=1&from={begin}"))["items"]
        if not free:
            return 0
        await self.call("sam", "POST", f"{where}/book", {"slot_id": free[0]["id"]})
        self.booked[row["id"]] = date.fromisoformat(free[0]["starts_at"][:10])
        return 1

    async def _flags(self, today: date, left: int) -> None:
        rows = (await self.call("sam", "GET", "/v1/flags?state=open&limit=200"))["items"]
        for row in sorted(rows, key=lambda one: str(one["due_at"])):
            hers = (
                row["asked_at"] is not None
                and row["answer"] is None
                and row["raised_at"][:10] >= str(today - ASKED_FOR)
            )
            if left <= 0 or hers:
                continue
            left -= 1
            self.acted[row["id"]] = await self._act(row, today)

    async def _act(self, row: Any, today: date) -> bool:
        """What somebody does about a flag; whether it came to more than a look."""
        where, person = f"/v1/flags/{row['id']}", self.people[row["patient_id"]]
        own = next((c for c in person.courses if c.procedure_id == row["procedure_id"]), person.courses[-1])
        note: str | None = None
        if row["kind"] in ("pain_return", "masked_climb", "return_likely"):
            acted = own.truly_back(today)
            note = "it is back: the review is under way" if acted else "no sign of it when she was called"
        elif row["kind"] == "missed_follow_up":
            acted, note = True, "called her now"
            plan = await self.call("sam", "GET", f"/v1/procedures/{own.procedure_id}/plan")
            for name in (c["contact"] for c in plan["contacts"] if c["state"] == "missed"):
                contact = {
                    "contact": name,
                    "done_on": today.isoformat(),
                    "procedure_id": own.procedure_id,
                }
                await self.call("sam", "POST", f"/v1/patients/{person.patient_id}/contacts", contact)
        elif row["kind"] == "no_relief":
            acted, note = not own.made.responder, "spoke about it"
        else:
            acted, note = True, "called her"
        await self.call("sam", "POST", f"{where}/acknowledge", {})
        if row["kind"] != "missed_follow_up":
            await self.call("sam", "POST", f"{where}/resolve", {"note": note})
        return acted
