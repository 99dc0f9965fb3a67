import pytest

from app.answers.verdicts.schemas import VerdictOut
from app.doors.demo.build import build
from app.doors.demo.people import CLINIC, PEOPLE
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_the_demo_holds_a_patient_in_every_phase_and_each_shows_what_it_says(service: Service) -> None:
    state = service.app.state
    heard: list[str] = []
    accounts = await build(state.database, state.clock(), heard.append)
    assert {a.role for a in accounts} == {"patient", "clinician", "scheduler", "admin", "operator"}
    assert len(heard) == len(PEOPLE) + 1
    clinician = accounts[0]
    await service.show("demo", clinician.username, clinician.password)
    patients = (await service("demo", "GET", "/v1/patients")).json()["items"]
    assert [p["name"] for p in patients] == [p.name for p in PEOPLE], CLINIC
    shown = {}
    for patient, someone in zip(patients, PEOPLE, strict=True):
        procedures = (await service("demo", "GET", f"/v1/patients/{patient['id']}/procedures")).json()["items"]
        for procedure, treatment in zip(procedures, someone.treatments, strict=True):
            answer = await service("demo", "GET", f"/v1/procedures/{procedure['id']}/relief")
            verdict = VerdictOut.model_validate_json(answer.content)
            shown[someone.name, treatment.ago] = (verdict.phase, treatment.phase, verdict)
    assert {k: v[0] for k, v in shown.items()} == {k: v[1] for k, v in shown.items()}
    assert {v[0] for v in shown.values()} == {"unknown", "settling", "no_relief", "relief", "returning", "returned"}
    masked = {k[0] for k, v in shown.items() if v[2].medication.masked}
    assert masked == {"Greta Huber"}
