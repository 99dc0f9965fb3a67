"""Reviews and appointments as one state machine: every step in any order by two people, held to a model of its own.

The model knows nothing of the service's tables: a review is in a state, may hold an appointment, and an appointment holds a
slot. What each step may do is written here a second time, as a person would explain it.
"""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from app.base.settings import Settings
from tests.conftest import Clock, empty
from tests.support import Service, app_with, open_service
from tests.work.reviews.test_reviews import slot

OPEN, UNBOOKED = ("opened", "in_work", "proposed", "booked"), ("opened", "in_work", "proposed")
WHO, PLACE = st.sampled_from(["sam", "cleo"]), st.integers(0, 50)
REASON = {"reason": "because"}


@dataclass
class Booking:
    """An appointment of the model."""

    slot: str
    review: str | None
    stands: bool = True


@dataclass
class Case:
    """A review of the model."""

    procedure: str
    state: str = "opened"
    decision: str | None = None
    booking: str | None = None


@dataclass
class Model:
    """What is believed of the clinic."""

    reviews: dict[str, Case] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    def free(self, slot_id: str) -> bool:
        held = any(one.stands and one.slot == slot_id for one in self.bookings.values())
        return not held and slot_id not in self.closed

    def open_of(self, procedure: str) -> str | None:
        return next(
            (key for key, one in self.reviews.items() if one.procedure == procedure and one.state in OPEN), None
        )

    def give_back(self, booking: str) -> None:
        self.bookings[booking].stands = False


class Clinic(RuleBasedStateMachine):
    """Drives the service and the model side by side."""

    fresh: ClassVar[Callable[[], str]]  # the URL of a migrated database without a row

    def __init__(self) -> None:
        super().__init__()
        url = type(self).fresh()
        self.loop, self.stack, self.model = asyncio.new_event_loop(), AsyncExitStack(), Model()
        clock = Clock()
        given = Settings.model_validate({"database_url": url, "worker_seconds": 0, "pool_size": 2})
        self.service: Service = self.wait(self.stack.enter_async_context(open_service(app_with(given, clock), clock)))
        # two treatments of one patient: another side, so that neither repeats the other
        sides = ({"laterality": "left"}, {"laterality": "right"})
        self.procedures = [self.wait(self.service.new_procedure(joints=["L4-5"], **side)) for side in sides]
        self.slots = [self.wait(slot(self.service, f"2026-06-0{day}T09:00:00+02:00")) for day in (2, 3, 4)]

    def wait(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    def teardown(self) -> None:
        self.wait(self.stack.aclose())
        self.loop.close()

    def call(self, who: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = self.wait(self.service(who, method, path, **({} if body is None else {"json": body})))
        return answer.status_code, answer.json()

    def some(self, place: int, of: dict[str, Any]) -> str:
        return list(of)[place % len(of)]

    @rule(who=WHO, place=PLACE)
    def open_one(self, who: str, place: int) -> None:
        procedure = self.procedures[place % 2]
        status, body = self.call(who, "POST", f"/v1/procedures/{procedure}/reviews", {})
        there = self.model.open_of(procedure)
        assert (status, body["id"] == there) == ((200, True) if there else (201, False))
        self.model.reviews.setdefault(body["id"], Case(procedure))

    @precondition(lambda self: self.model.reviews)
    @rule(who=WHO, place=PLACE, proposes=st.booleans())
    def work_on(self, who: str, place: int, proposes: bool) -> None:
        key = self.some(place, self.model.reviews)
        one = self.model.reviews[key]
        body = {"policy": "medicare-lcd"} if proposes else {"note": "called"}
        status, _ = self.call(who, "PATCH", f"/v1/reviews/{key}", body)
        may = one.state in (UNBOOKED if proposes else OPEN)
        assert status == (200 if may else 409)
        if may and proposes:
            one.state = "proposed"
        elif may and one.state == "opened":
            one.state = "in_work"

    @precondition(lambda self: self.model.reviews)
    @rule(who=WHO, place=PLACE, where=st.integers(0, 2))
    def book(self, who: str, place: int, where: int) -> None:
        key, wanted = self.some(place, self.model.reviews), self.slots[where]
        one = self.model.reviews[key]
        status, body = self.call(who, "POST", f"/v1/reviews/{key}/book", {"slot_id": wanted})
        stands = one.booking is not None and self.model.bookings[one.booking].stands
        decided = one.state == "decided" and one.decision == "repeat" and not stands
        may = (one.state in UNBOOKED or decided) and self.model.free(wanted)
        assert status == (200 if may else 409)
        if may:
            one.state, one.booking = ("decided" if decided else "booked"), body["appointment_id"]
            self.model.bookings[body["appointment_id"]] = Booking(wanted, key)

    @precondition(lambda self: self.model.bookings)
    @rule(who=WHO, place=PLACE, where=st.integers(0, 2))
    def move(self, who: str, place: int, where: int) -> None:
        key, wanted = self.some(place, self.model.bookings), self.slots[where]
        old = self.model.bookings[key]
        status, body = self.call(who, "POST", f"/v1/appointments/{key}/move", {"slot_id": wanted, **REASON})
        may = old.stands and self.model.free(wanted)
        assert status == (200 if may else 409)
        if may:
            self.model.give_back(key)
            self.model.bookings[body["id"]] = Booking(wanted, old.review)
            if old.review is not None and self.model.reviews[old.review].booking == key:
                self.model.reviews[old.review].booking = body["id"]

    @precondition(lambda self: self.model.bookings)
    @rule(who=st.sampled_from(["sam", "cleo", "ada"]), place=PLACE)
    def cancel_appointment(self, who: str, place: int) -> None:
        key = self.some(place, self.model.bookings)
        one = self.model.bookings[key]
        assert self.call(who, "POST", f"/v1/appointments/{key}/cancel", REASON)[0] == 200
        if not one.stands:
            return
        self.model.give_back(key)
        of = self.model.reviews.get(one.review or "")
        if of is None or of.booking != key:
            return
        of.booking = None
        if of.state == "booked" or self.model.open_of(of.procedure) is None:
            of.state, of.decision = "proposed", None

    @precondition(lambda self: self.model.reviews)
    @rule(who=WHO, place=PLACE, decision=st.sampled_from(["repeat", "none", "wait", None]))
    def end(self, who: str, place: int, decision: str | None) -> None:
        key = self.some(place, self.model.reviews)
        one = self.model.reviews[key]
        body = {**REASON, "decision": decision} if decision else REASON
        if decision == "wait":
            body = {**body, "wait_until": "2026-09-01"}
        status, _ = self.call(who, "POST", f"/v1/reviews/{key}/{'decide' if decision else 'cancel'}", body)
        may = one.state in OPEN
        assert status == (200 if may else 409)
        if not may:
            return
        one.state, one.decision = ("decided" if decision else "cancelled"), decision
        if decision != "repeat" and one.booking is not None:
            self.model.give_back(one.booking)

    @precondition(lambda self: self.model.reviews)
    @rule(who=WHO, place=PLACE)
    def reopen(self, who: str, place: int) -> None:
        key = self.some(place, self.model.reviews)
        one = self.model.reviews[key]
        status, _ = self.call(who, "POST", f"/v1/reviews/{key}/reopen", REASON)
        may = one.state not in OPEN and self.model.open_of(one.procedure) is None
        assert status == (200 if may else 409)
        if not may:
            return
        stands = one.booking is not None and self.model.bookings[one.booking].stands
        one.state, one.decision = ("booked" if stands else "opened"), None
        one.booking = one.booking if stands else None

    @rule(where=st.integers(0, 2), close=st.booleans())
    def shut(self, where: int, close: bool) -> None:
        wanted = self.slots[where]
        held = any(one.stands and one.slot == wanted for one in self.model.bookings.values())
        status, _ = self.call("sam", "PATCH", f"/v1/slots/{wanted}", {"closed": close})
        assert status == (409 if held and close else 200)
        if status == 200:
            (self.model.closed.add if close else self.model.closed.discard)(wanted)

    @invariant()
    def agree(self) -> None:
        for key, one in self.model.reviews.items():
            _, said = self.call("sam", "GET", f"/v1/reviews/{key}")
            assert (said["state"], said["decision"]) == (one.state, one.decision)
            if one.booking is None or self.model.bookings[one.booking].stands:
                assert said["appointment_id"] == one.booking
        _, listed = self.call("ada", "GET", "/v1/appointments?limit=200")
        said = {one["id"]: (one["slot_id"], one["review_id"], one["state"] == "booked") for one in listed["items"]}
        assert said == {key: (one.slot, one.review, one.stands) for key, one in self.model.bookings.items()}


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_step_in_any_order_by_two_people(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    migrated = request.getfixturevalue(f"migrated_{kind}")

    def fresh() -> str:
        if kind == "postgresql":
            empty(migrated)
            return str(migrated)
        path = tmp_path / "clinic.db"
        for beside in tmp_path.glob("clinic.db*"):
            beside.unlink()
        shutil.copy(migrated, path)
        return f"sqlite+aiosqlite:///{path}"

    machine = type("FreshClinic", (Clinic,), {"fresh": staticmethod(fresh)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    if kind == "postgresql":
        empty(migrated)
