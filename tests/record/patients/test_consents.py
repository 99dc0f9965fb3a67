"""What a patient agrees to holds from the next read on: research, messages; and stays on record."""

from typing import Any

import pytest

from app.alerts.messages.outbox import post, spread
from app.alerts.messages.tables import Address, Delivery
from app.base.store.metadata import new_id
from app.base.store.typed import row, table
from tests.alerts.flags.test_conclusions import work
from tests.support import Service, course

pytestmark = pytest.mark.anyio


async def says(service: Service, kind: str, given: bool, who: str = "ada") -> dict[str, Any]:
    body = {"kind": kind, "version": 1, "given": given}
    answer = await service(who, "POST", f"/v1/patients/{service.ada_id}/consents", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_last_word_holds_and_what_was_said_before_stays(service: Service) -> None:
    texts = (await service("ada", "GET", "/v1/consent_texts?language=de")).json()["items"]
    assert [(one["kind"], one["version"]) for one in texts] == [("treatment", 1), ("research", 1), ("messages", 1)]
    await says(service, "research", True)
    await says(service, "research", False, "cleo")
    await says(service, "treatment", True)
    await service("ada", "PATCH", f"/v1/patients/{service.ada_id}", json={"language": "de"})
    listed = (await service("ada", "GET", f"/v1/patients/{service.ada_id}/consents")).json()["items"]
    assert [(one["kind"], one["given"], one["current"], one["recorded_by"]) for one in listed] == [
        ("treatment", True, True, "patient"),
        ("research", False, True, "staff"),
        ("research", True, False, "patient"),
    ]
    assert listed[1]["text"] == texts[1]["text"]


async def test_a_version_that_was_never_asked_is_refused(service: Service) -> None:
    body = {"kind": "research", "version": 99, "given": True}
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/consents", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/version")


async def test_what_leaves_the_clinic_holds_only_who_agreed(service: Service) -> None:
    await service.new_procedure()
    entries = course("2025-07-10", [7.0] * 10 + [1.0] * 80)
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    await work(service)

    async def many(query: str = "", **headers: str) -> int:
        answer = await service("cleo", "GET", f"/v1/cohorts/procedures?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return len(answer.text.strip().splitlines()) - 1 if headers else len(answer.json()["items"])

    async def counted() -> list[tuple[int, int, int]]:
        sheet = {"Accept": "text/csv"}
        return [(await many(), await many("outside=true"), await many(**sheet))]

    assert await counted() == [(1, 0, 0)], "nobody was asked"
    await says(service, "research", True)
    assert await counted() == [(1, 1, 1)]
    await says(service, "research", False)
    assert await counted() == [(1, 0, 0)], "from the next read on"
    await says(service, "treatment", True)
    assert await counted() == [(1, 0, 0)], "a yes to something else is none to this"


@pytest.mark.parametrize(("word", "deliveries"), [(None, 1), (True, 1), (False, 0)])
async def test_who_says_no_to_messages_is_sent_none(service: Service, word: bool | None, deliveries: int) -> None:
    state = service.app.state
    clinic_id, account_id = service.accounts["ada"]
    now = state.clock()
    address = row(
        Address,
        clinic_id=clinic_id,
        id=new_id(),
        account_id=account_id,
        channel="email",
        target={"email": "ada@example.org"},
        locale="en",
        created_at=now,
        confirmed_at=now,
    )
    if word is not None:
        await says(service, "messages", word)

    async def send(connection: Any) -> int:
        await connection.execute(table(Address).insert(), address)
        about = {"patient_id": service.ada_id}
        await post(
            connection, clinic_id, topic="appointment.reminder", key="x", audience="patient", about=about, now=now
        )
        await spread(connection, now)
        return len((await connection.execute(table(Delivery).select())).all())

    assert await state.database.write(send) == deliveries
