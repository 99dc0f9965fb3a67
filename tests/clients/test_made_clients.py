"""Other people's apps are made from the API's document: without a warning, and what is made works."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.conftest import HERE, NODE_TOOLS, MadeClient, run
from tests.support import PASSWORD, Service

pytestmark = [pytest.mark.anyio, pytest.mark.unmeasured]


def calls_of(document: Path) -> Iterator[tuple[str, str, str | None]]:
    """Tag and name of each call, and the schema of its answer where it has one."""
    for methods in json.loads(document.read_text())["paths"].values():
        for call in methods.values():
            good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
            schema = good.get("content", {}).get("application/json", {}).get("schema", {})
            yield call["tags"][0], call["operationId"], schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else None


def test_a_python_client_has_every_call_and_its_answer(document: Path, python_client: MadeClient) -> None:
    assert python_client.code == 0, python_client.said
    assert "WARN" not in python_client.said.upper()
    calls = list(calls_of(document))
    assert len(calls) > 100
    for tag, name, model in calls:
        made = (python_client.folder / "api" / tag / f"{name}.py").read_text()
        assert model is None or model in made, name
    assert {"VerdictOut", "FollowUpOut", "ReviewPage"} <= {model for *_, model in calls}


async def test_a_python_client_is_driven_through_a_course(service: Service, python_client: MadeClient) -> None:
    made = Driven(service, python_client)
    signed = await made.call("accounts.sign_in", body=("SignInForm", {"username": "ada", "password": PASSWORD}))
    ada = Driven(service, python_client, signed.access_token)
    day = {"pain": [{"region": "lumbar", "side": "left", "average": 7}]}
    kept = await ada.call("diary.put_entry", service.ada_id, "2025-06-30", body=("EntryIn", day))
    assert (kept.pain[0].average, str(kept.date)) == (7, "2025-06-30")
    entries = [{"date": f"2025-07-{d:02}", **day} for d in range(1, 10)]
    entries += [{"date": f"2025-{m:02}-{d:02}", "pain": [{**day["pain"][0], "average": 1}]} for m, d in DAYS_AFTER]
    batch = await ada.call("diary.put_entries", service.ada_id, body=("BatchIn", {"entries": entries}))
    assert {item.status.value for item in batch.items} == {"created"}
    procedure_id = await service.new_procedure()
    verdict = await ada.call("verdicts.read_relief", procedure_id, as_of="2025-10-30")
    assert (verdict.phase.value, verdict.baseline.days) == ("relief", 10)
    assert verdict.says
    again = await ada.call("diary.put_entry", service.ada_id, "2025-06-30", body=("EntryIn", {**day, "note": "worse"}))
    assert again.note == "worse"
    history = await ada.call("diary.read_revisions", service.ada_id, "2025-06-30")
    assert [one.entry.to_dict().get("note") for one in history.items] == [None, "worse"]
    await booked(service, python_client, procedure_id)


DAYS_AFTER = [(8, d) for d in range(1, 31)] + [(9, d) for d in range(1, 31)] + [(10, d) for d in range(1, 31)]


async def booked(service: Service, python_client: MadeClient, procedure_id: str) -> None:
    """A review is opened, a slot made and booked; the patient sees the appointment."""
    sam = Driven(service, python_client, service.tokens["sam"])
    me = str(service.accounts["cleo"][1])
    new = {"clinician_id": me, "starts_at": "2026-06-02T09:00:00+02:00", "minutes": 45, "location": "Room 2"}
    slot = await sam.call("calendar.add_slot", body=("SlotIn", new))
    about = {"patient_id": service.ada_id, "slot_id": str(slot.id)}
    appointment = await sam.call("calendar.add_appointment", body=("AppointmentIn", about))
    assert appointment.state.value == "booked"
    ada = Driven(service, python_client, service.tokens["ada"])
    found = await ada.call("calendar.list_appointments")
    assert [one.id for one in found.items] == [appointment.id]


class Driven:
    """A made client on the app itself; a call gives the parsed answer, and fails where there is none."""

    def __init__(self, service: Service, made: MadeClient, token: str | None = None) -> None:
        self._made = made
        arguments = {"transport": httpx.ASGITransport(service.app)}
        client = made.module("client")
        if token is None:
            self._client = client.Client(base_url="http://test", httpx_args=arguments)
        else:
            self._client = client.AuthenticatedClient(base_url="http://test", token=token, httpx_args=arguments)

    async def call(self, path: str, *given: Any, body: tuple[str, dict[str, Any]] | None = None, **query: Any) -> Any:
        """One call, its body as a model's name and content."""
        module = self._made.module(f"api.{path}")
        if body is not None:
            query["body"] = self._made.model(*body)
        answer = await module.asyncio_detailed(*given, client=self._client, **query)
        assert answer.status_code < 300, answer.content
        assert answer.parsed is not None
        assert type(answer.parsed).__name__ != "ProblemDetail"
        return answer.parsed


USE = """
import type {{ paths }} from "./api";
type Verdict = paths["/v1/procedures/{{procedure_id}}/relief"]["get"]["responses"]["200"]["content"]["application/json"];
export const sentence = (verdict: Verdict): string => verdict.says;
export const phase = (verdict: Verdict): "relief" | "returned" | string => verdict.phase;
export const wrong = (verdict: Verdict): string => verdict.{field};
"""


@pytest.mark.parametrize(("field", "fits"), [("definition", True), ("fase", False)])
def test_a_typescript_client_is_typed(document: Path, tmp_path: Path, field: str, fits: bool) -> None:
    said = run(NODE_TOOLS / "openapi-typescript", document, "--output", tmp_path / "api.d.ts", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert "warn" not in (said.stdout + said.stderr).lower()
    (tmp_path / "use.ts").write_text(USE.format(field=field))
    checked = run(NODE_TOOLS / "tsc", "--strict", "--noEmit", "use.ts", cwd=tmp_path)
    assert (checked.returncode == 0) == fits, checked.stdout


def test_spectral_finds_no_error(document: Path) -> None:
    options = ("--ruleset", HERE / "spectral.yaml", "--fail-severity", "error")
    said = run(NODE_TOOLS / "spectral", "lint", document, *options, cwd=document.parent)
    assert said.returncode == 0, said.stdout + said.stderr
