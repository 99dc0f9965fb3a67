"""People who open, book, move, cancel, decide and reopen at random and at once; and what must hold whatever they did."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from app.base.store.typed import col, table, wholes
from app.work.calendar.tables import Appointment, Slot
from app.work.reviews.tables import Review
from tests.support import Service

REVIEWS, PATIENTS, ROOMS = 6, 6, ("Room 1", "Room 2", None)
BEGIN = "2026-06-{day:02}T{hour:02}:{minute:02}:00+02:00"
ONCE = ("slot_id", "clinician_id", "patient_id", "room", "device")  # at a time
STEPS = ("book", "book", "book", "move", "move", "cancel", "decide", "cancel review", "reopen", "open", "plain")


@dataclass
class Clinic:
    """What the people work with: ids of slots, patients and procedures."""

    slots: list[str]
    patients: list[str]
    procedures: list[str]


async def clinic(service: Service) -> Clinic:
    """Three clinicians whose slots overlap in time, and share two rooms and one device."""
    slots, doctors = [], [str((await service("cleo", "GET", "/v1/me")).json()["account_id"])]
    for name in ("dora", "emil"):
        await service.add(name, service.clinic_id, "clinician")
        doctors.append(str((await service(name, "GET", "/v1/me")).json()["account_id"]))
    for place, doctor in enumerate(doctors):
        for day in (2, 3):
            for number in range(4):
                at = BEGIN.format(day=day, hour=9 + number, minute=15 * place)
                body: dict[str, Any] = {"clinician_id": doctor, "starts_at": at, "minutes": 60, "location": "here"}
                room = ROOMS[(place + number) % len(ROOMS)]
                planned = {**body, "room": room, "device": "generator" if number == 2 else None}
                answer = await service("root", "POST", "/v1/slots", json={**planned, "overrule": "planned twice"})
                assert answer.status_code == 201, answer.text
                slots.append(str(answer.json()["id"]))
    patients, procedures = [], []
    for i in range(PATIENTS):
        new = {"name": f"Patient {i}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        service.ada_id = str((await service("cleo", "POST", "/v1/patients", json=new)).json()["id"])
        patients.append(service.ada_id)
        procedures.append(await service.new_procedure(joints=["L4-5"]))
    return Clinic(slots, patients, procedures)


async def act(service: Service, here: Clinic, chance: random.Random, who: str) -> tuple[str, int]:
    """One step of one person; which, and the status it was answered with."""
    what = chance.choice(STEPS)
    slot, place = chance.choice(here.slots), chance.randrange(PATIENTS)
    if what == "plain":
        body = {"patient_id": here.patients[place], "slot_id": slot}
        return what, (await service(who, "POST", "/v1/appointments", json=body)).status_code
    if what == "open":
        made = await service(who, "POST", f"/v1/procedures/{here.procedures[place]}/reviews", json={})
        return what, made.status_code
    if what in ("move", "cancel"):
        listed = await service(who, "GET", f"/v1/appointments?limit=200&patient_id={here.patients[place]}")
        standing = [one for one in listed.json()["items"] if one["state"] in ("booked", "confirmed")]
        if not standing:
            return f"no {what}", 0
        where = f"/v1/appointments/{chance.choice(standing)['id']}/{what}"
        body = {"reason": "chance"} | ({"slot_id": slot} if what == "move" else {})
        return what, (await service(who, "POST", where, json=body)).status_code
    state = "cancelled" if what == "reopen" and chance.random() < 0.5 else "decided" if what == "reopen" else None
    query = f"/v1/reviews?patient_id={here.patients[place]}" + (f"&state={state}" if state else "")
    found = (await service(who, "GET", query)).json()["items"]
    if not found:
        return f"no {what}", 0
    where = f"/v1/reviews/{chance.choice(found)['id']}"
    decision = chance.choice(("repeat", "none", "other_treatment"))
    call, body = {
        "book": ("book", {"slot_id": slot}),
        "decide": ("decide", {"decision": decision, "reason": "chance"}),
        "cancel review": ("cancel", {"reason": "chance"}),
        "reopen": ("reopen", {"reason": "chance"}),
    }[what]
    return what, (await service(who, "POST", f"{where}/{call}", json=body)).status_code


async def act_all(service: Service, here: Clinic, *, people: int, steps: int, seed: int) -> Counter[tuple[str, int]]:
    """So many people at once, so many steps together; how often each step was answered with each status."""
    done: Counter[tuple[str, int]] = Counter()

    async def person(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        for _ in range(steps // people):
            done[await act(service, here, chance, ("sam", "cleo", "dora", "emil")[number % 4])] += 1

    await asyncio.gather(*(person(number) for number in range(people)))
    return done


async def broken(service: Service) -> list[str]:
    """What does not hold: time given twice, or a review and its appointment that do not know each other."""
    same = and_(col(Slot.clinic_id) == col(Appointment.clinic_id), col(Slot.id) == col(Appointment.slot_id))
    standing = col(Appointment.state).in_(("booked", "confirmed"))
    async with service.app.state.database.read() as connection:
        query = select(table(Appointment), col(Slot.starts_at), col(Slot.minutes), col(Slot.clinician_id))
        query = query.add_columns(col(Slot.room), col(Slot.device)).join(table(Slot), same).where(standing)
        held = [one._mapping for one in (await connection.execute(query)).all()]
        reviews = {one.id: one for one in wholes(Review, (await connection.execute(select(table(Review)))).all())}
    return [*_twice(held), *_apart(held, reviews)]


def _twice(held: list[Any]) -> list[str]:
    out = []
    for place, one in enumerate(held):
        for other in held[place + 1 :]:
            if _end(one) <= other["starts_at"] or _end(other) <= one["starts_at"]:
                continue
            shared = [what for what in ONCE if one[what] is not None and one[what] == other[what]]
            out += [f"{what} {one[what]} twice at {one['starts_at']}" for what in shared]
    return out


def _end(one: Any) -> datetime:
    ends: datetime = one["starts_at"] + timedelta(minutes=one["minutes"])
    return ends


def _apart(held: list[Any], reviews: dict[UUID, Review]) -> list[str]:
    out, by_id = [], {one["id"]: one for one in held}
    for review in reviews.values():
        booked = by_id.get(review.appointment_id) if review.appointment_id else None
        if review.state == "booked" and (booked is None or booked["review_id"] != review.id):
            out.append(f"review {review.id} is booked without an appointment that stands")
        if review.appointment_id and review.state in ("opened", "in_work", "proposed"):
            out.append(f"review {review.id} is {review.state}, and holds an appointment")
        if booked is not None and (review.state == "cancelled" or review.decision not in (None, "repeat")):
            out.append(f"review {review.id} was ended otherwise, and its appointment stands")
    for one in held:
        of = reviews.get(one["review_id"])
        if of is not None and of.state not in ("booked", "decided"):
            out.append(f"appointment {one['id']} stands, and its review is {of.state}")
    open_ones = Counter(review.procedure_id for review in reviews.values() if review.open_procedure_id)
    out += [f"procedure {one} has {many} open reviews" for one, many in open_ones.items() if many > 1]
    return out
