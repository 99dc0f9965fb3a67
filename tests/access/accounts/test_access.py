"""Who reaches what: every call by every role, on her own rows, on the clinic's and on another clinic's."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from tests.access.accounts.calls import (
    CALLS,
    EVERYBODY,
    EXPECTED,
    FACTS,
    NO_SIGN_IN,
    OF_AN_OPERATOR,
    OPERATOR,
    OWN_ACCOUNT,
)
from tests.support import Service, one_app

pytestmark = pytest.mark.anyio


async def test_each_role_reaches_what_the_rules_give_it(service: Service) -> None:
    procedure = await service.new_procedure()
    await service.put("2026-04-29", 4)
    for name, (method, path, body) in CALLS.items():
        got = []
        for who in EVERYBODY:
            if "/diary" in path and method != "GET":
                await service.put("2026-04-29", 4)
                if await holds_an_entry(service, "2026-04-30"):
                    await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/diary/2026-04-30")
            where = path.format(patient=service.ada_id, procedure=procedure, nobody=procedure)
            sent = {**body, "patient_id": service.ada_id} if isinstance(body, dict) and "patient_id" in body else body
            got.append((await service(who, method, where, json=sent)).status_code)
        assert tuple(got) == EXPECTED[name], name


@pytest.mark.parametrize("name", FACTS)
async def test_each_role_reaches_the_facts_that_the_rules_give_it(service: Service, name: str) -> None:
    plural, body, change, writers = FACTS[name]
    of_patient = f"/v1/patients/{service.ada_id}/{plural}"
    if name == "contact":
        body = {**body, "procedure_id": await service.new_procedure()}
    relation = {"ada": 403, "bob": 403, "cleo": 403, "sam": 403, "root": 403, "other": 403, "nobody": 401}
    if "ada" in writers:
        relation |= {"bob": 404}
    may = dict.fromkeys(writers.split(), 0)
    day = next(one for one in body if one.endswith("_on"))
    days = (date(2025, 8, 1) + timedelta(days=number) for number in count())

    def fresh() -> dict[str, Any]:
        """The body on another day each time, for what is equal is recorded once."""
        return {**body, day: next(days).isoformat()}

    for who in EVERYBODY:
        made = await service("cleo", "POST", of_patient, json=fresh())
        row = f"/v1/{plural}/{made.json()['id']}"
        denied = 404 if who == "other" and "cleo" in may else relation[who]
        reads = {"bob": 404, "other": 404, "nobody": 401}.get(who, 200)
        expected = {
            ("POST", of_patient): 201 if who in may else denied,
            ("GET", of_patient): reads,
            ("GET", row): reads,
            ("GET", f"{row}/history"): reads,
            ("PATCH", row): 200 if who in may else denied,
            ("DELETE", row): 204 if who in may else denied,
        }
        for (method, where), status in expected.items():
            sent = {"POST": fresh(), "PATCH": change}.get(method)
            answer = await service(who, method, where, json=sent)
            assert answer.status_code == status, (who, method, where, answer.text)


async def test_an_operator_runs_the_service_and_sees_no_patient(service: Service) -> None:
    await service.add(OPERATOR, service.clinic_id, "operator")
    procedure = await service.new_procedure()
    for name, (method, path, body) in CALLS.items():
        where = path.format(patient=service.ada_id, procedure=procedure, nobody=procedure)
        sent = {**body, "patient_id": service.ada_id} if isinstance(body, dict) and "patient_id" in body else body
        status = (await service(OPERATOR, method, where, json=sent)).status_code
        if name in OWN_ACCOUNT | NO_SIGN_IN | {
            "import record"
        }:  # a record that is none is refused before anything is asked
            assert status == EXPECTED[name][0], name
        else:
            assert status == OF_AN_OPERATOR.get(name, 403), name
    for plural, body, _, _ in FACTS.values():
        of_patient = f"/v1/patients/{service.ada_id}/{plural}"
        assert (await service(OPERATOR, "POST", of_patient, json=body)).status_code in (403, 422), plural
        assert (await service(OPERATOR, "GET", of_patient)).status_code == 403, plural
        assert (await service(OPERATOR, "GET", f"/v1/{plural}/{procedure}")).status_code == 403, plural


async def test_who_lacks_the_second_factor_that_the_clinic_asks_for_reaches_the_own_account_alone(
    service: Service,
) -> None:
    procedure = await service.new_procedure()
    assert (await service("root", "PATCH", "/v1/clinic", json={"second_factor": True})).status_code == 200
    for who in ("cleo", "sam", "root"):
        for name, (method, path, body) in CALLS.items():
            where = path.format(patient=service.ada_id, procedure=procedure, nobody=procedure)
            status = (await service(who, method, where, json=body)).status_code
            allowed = name in OWN_ACCOUNT | NO_SIGN_IN
            assert status == (EXPECTED[name][2] if allowed else 403), (who, name)
        assert (await service(who, "GET", "/v1/patients")).status_code == 403
    assert (await service("ada", "GET", f"/v1/patients/{service.ada_id}")).status_code == 200
    assert (await service("other", "GET", "/v1/patients")).status_code == 200


async def holds_an_entry(service: Service, on: str) -> bool:
    return (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/{on}")).status_code == 200


def test_every_call_of_the_document_is_in_the_table() -> None:
    document = one_app().openapi()
    open_to_all = {"/v1/token", "/v1/me", "/healthz", "/readyz"}
    documented = sum(len(methods) for path, methods in document["paths"].items() if path not in open_to_all)
    listed = 2  # the list of patients is tested below, and signing out everywhere beside sessions
    assert documented == len(CALLS) + listed + 6 * len(FACTS)


async def test_a_list_holds_only_what_the_caller_may_see(service: Service) -> None:
    names = {}
    for who in ("ada", "cleo", "other"):
        items = (await service(who, "GET", "/v1/patients")).json()["items"]
        names[who] = [item["name"] for item in items]
    assert names == {"ada": ["Ada Muster"], "cleo": ["Ada Muster", "Bob"], "other": []}


async def test_another_clinics_row_and_no_row_have_the_same_answer(service: Service) -> None:
    nowhere = "0199a3c4-7d00-7a00-8000-000000000001"
    real = await service("other", "GET", f"/v1/patients/{service.ada_id}")
    none = await service("other", "GET", f"/v1/patients/{nowhere}")
    assert (real.status_code, real.json()) == (none.status_code, none.json())
