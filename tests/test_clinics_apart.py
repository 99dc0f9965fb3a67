"""Two clinics may hold rows of equal ids, as records were once carried over: nothing of one is shown to the other."""

import gc
from collections.abc import MutableMapping
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from cachetools import Cache
from sqlalchemy import insert, select, update
from sqlmodel import SQLModel

from app.alerts.flags.tables import Flag
from app.answers.verdicts.engine_memory import memory
from app.base.store.typed import col, row_of, table, to, values_of, wholes
from app.record.diary.tables import DiaryDay, DiaryRevision
from app.record.facts.tables import FactRow
from app.record.patients.tables import Patient
from app.record.procedures.tables import ProcedureRow
from app.record.revisions.tables import Revision
from app.work.reviews.tables import Review
from tests.support import Service, course, in_clear

pytestmark = pytest.mark.anyio
SCORES = [7.0] * 10 + [6.0, 3.0] + [2.0] * 60
SHOWN = ("relief", "follow_up", "relief.svg", "relief.png", "report.pdf")


COPIED = (Patient, FactRow, ProcedureRow, Revision, DiaryRevision, DiaryDay)


async def both(service: Service) -> str:
    """The same patient, procedure and diary in both clinics, under the same ids and versions; the name tells them apart."""
    procedure = await service.new_procedure(baseline_pain=7)
    diary = f"/v1/patients/{service.ada_id}/diary"
    await service("ada", "POST", diary, json={"entries": course("2025-07-01", SCORES)})
    await twins(service, *COPIED)
    other = service.accounts["other"][0]
    async with service.app.state.database.engine.begin() as connection:
        renamed = update(table(Patient)).where(col(Patient.clinic_id) == other)
        await connection.execute(renamed.ordered_values(to(col(Patient.name), in_clear("Somebody Else"))))
        await connection.execute(update(table(Patient)).ordered_values(to(col(Patient.record_version), 99)))
    return procedure


async def twins(service: Service, *models: type[SQLModel]) -> None:
    """The rows of one clinic in the other too, under the same ids."""
    other = service.accounts["other"][0]
    async with service.app.state.database.engine.begin() as connection:
        for model in models:
            here = select(table(model)).where(table(model).c.clinic_id == service.clinic_id)
            for one in wholes(model, (await connection.execute(here)).all()):
                changed = {"clinic_id": other} | ({"account_id": None} if "account_id" in model.model_fields else {})
                await connection.execute(insert(table(model)), row_of(model(**{**values_of(one), **changed})))


async def test_nothing_drawn_for_one_clinic_is_shown_to_another(service: Service) -> None:
    procedure = await both(service)
    for what in SHOWN:
        address = f"/v1/procedures/{procedure}/{what}"
        ours, theirs = await service("cleo", "GET", address), await service("other", "GET", address)
        assert ours.status_code == theirs.status_code == 200
        if "etag" in ours.headers:
            assert ours.headers["etag"] != theirs.headers["etag"], what
            held = {"If-None-Match": ours.headers["etag"]}
            assert (await service("other", "GET", address, headers=held)).status_code == 200, what
    mine = (await service("cleo", "GET", f"/v1/procedures/{procedure}/follow_up")).json()
    other = (await service("other", "GET", f"/v1/procedures/{procedure}/follow_up")).json()
    assert (mine["patient"]["name"], other["patient"]["name"]) == ("Ada Muster", "Somebody Else")


async def test_every_store_of_the_process_is_keyed_by_clinic(service: Service) -> None:
    """Walks whatever the process holds between calls: each key begins with a clinic."""
    procedure = await both(service)
    for what in SHOWN:
        for who in ("cleo", "other"):
            await service(who, "GET", f"/v1/procedures/{procedure}/{what}")
            await service(who, "GET", "/v1/reviews?name=Muster")
    clinics = {service.clinic_id, service.accounts["other"][0]}
    gc.unfreeze()  # what was made while the tests were found is not looked through, unless one asks for it
    every = [one for one in gc.get_objects() if isinstance(one, Cache) and len(one)]
    assert all(isinstance(key[0], UUID) for one in every for key in one)
    found = [one for one in every if clinics & {key[0] for key in one}]
    assert len(found) == 3, "the engine's memory, what was drawn, and names"
    for one in found:
        assert clinics <= {key[0] for key in one}


async def test_what_a_module_holds_grows_with_no_call(service: Service) -> None:
    """A dictionary or list of a module that grows as people call is a store that nobody keyed."""
    import sys

    def sizes() -> dict[tuple[str, str], int]:
        ours: list[ModuleType] = [m for name, m in sys.modules.items() if name.split(".")[0] == "app"]
        return {
            (module.__name__, name): len(value)
            for module in ours
            for name, value in vars(module).items()
            if isinstance(value, MutableMapping | list | set) and not name.startswith("__")
        }

    procedure = await both(service)

    async def call() -> None:
        for what in SHOWN:
            for who in ("cleo", "other"):
                await service(who, "GET", f"/v1/procedures/{procedure}/{what}")

    await call()
    before = sizes()
    await service.put("2026-04-30")
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": course("2026-04-01", [3.0])})
    await call()
    grown = {name: size for name, size in sizes().items() if size > before.get(name, 0)}
    assert grown == {}  # what is held weakly may shrink meanwhile


async def test_erasing_a_person_in_one_clinic_leaves_the_other_clinics_answers(service: Service) -> None:
    procedure = await both(service)
    await service.add("their_admin", service.accounts["other"][0], "admin")
    key = {"Idempotency-Key": "one"}
    body: Any = {"kind": "other", "happened_on": "2025-09-01", "note": "a fall"}
    address = f"/v1/patients/{service.ada_id}/events"
    first = await service("cleo", "POST", address, json=body, headers=key)
    await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")
    gone = await service("their_admin", "DELETE", f"/v1/patients/{service.ada_id}", params={"reason": "asked for it"})
    assert gone.status_code == 204
    again = await service("cleo", "POST", address, json=body, headers=key)
    assert again.json()["id"] == first.json()["id"]
    assert memory.get(service.clinic_id, UUID(procedure)) is not None, "the engine's memory of the other clinic stays"


async def test_no_single_row_has_the_tag_of_its_twin_in_another_clinic(service: Service) -> None:
    """Rows of equal ids and versions: neither `If-None-Match` nor `If-Match` takes the one for the other."""
    procedure = await service.new_procedure(baseline_pain=7)
    of = f"/v1/patients/{service.ada_id}"
    fever = await service.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 2}])
    assert fever.status_code == 201
    event = await service("cleo", "POST", f"{of}/events", json={"kind": "other", "happened_on": "2025-09-01"})
    review = await service("sam", "POST", f"/v1/procedures/{procedure}/reviews")
    (flag,) = (await service("cleo", "GET", "/v1/flags")).json()["items"]
    await twins(service, *COPIED, Review, Flag)
    steps = {
        of: ("PATCH", {"name": "Ada"}),
        f"{of}/diary/2026-04-30": None,
        f"/v1/procedures/{procedure}": ("PATCH", {"baseline_pain": 6}),
        event.headers["location"]: ("PATCH", {"note": "a fall"}),
        f"/v1/reviews/{review.json()['id']}": ("PATCH", {"note": "called"}),
        f"/v1/flags/{flag['id']}": ("POST", {"note": "seen"}),
    }
    for address, change in steps.items():
        ours, theirs = await service("cleo", "GET", address), await service("other", "GET", address)
        assert ours.status_code == theirs.status_code == 200, address
        assert ours.headers["etag"] != theirs.headers["etag"], address
        held = {"If-None-Match": ours.headers["etag"]}
        same = 200 if "flags" in address else 304  # a flag is always read anew
        assert (await service("cleo", "GET", address, headers=held)).status_code == same, address
        assert (await service("other", "GET", address, headers=held)).status_code == 200, address
        if change is not None:
            where = f"{address}/acknowledge" if change[0] == "POST" else address
            stale = {"If-Match": ours.headers["etag"]}
            assert (await service("other", change[0], where, json=change[1], headers=stale)).status_code == 412
            assert (await service("cleo", change[0], where, json=change[1], headers=stale)).status_code == 200
