"""Who reaches what: every call by every role, on her own rows, on the clinic's and on another clinic's."""

import pytest

from tests.support import Service, entry

pytestmark = pytest.mark.anyio

NEW_PATIENT = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
NEW_PROCEDURE = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}
EVERYBODY = ("ada", "bob", "cleo", "sam", "root", "other", "nobody")
CALLS: dict[str, tuple[str, str, object]] = {
    "create patient": ("POST", "/v1/patients", NEW_PATIENT),
    "read patient": ("GET", "/v1/patients/{patient}", None),
    "change patient": ("PATCH", "/v1/patients/{patient}", {"name": "Ada M."}),
    "create procedure": ("POST", "/v1/patients/{patient}/procedures", NEW_PROCEDURE),
    "list procedures": ("GET", "/v1/patients/{patient}/procedures", None),
    "read procedure": ("GET", "/v1/procedures/{procedure}", None),
    "change procedure": ("PATCH", "/v1/procedures/{procedure}", {"baseline_pain": 7}),
    "write diary": ("PUT", "/v1/patients/{patient}/diary/2026-04-30", entry(4)),
    "write many": ("POST", "/v1/patients/{patient}/diary", {"entries": [{"date": "2026-04-30", **entry(4)}]}),
    "read day": ("GET", "/v1/patients/{patient}/diary/2026-04-29", None),
    "read range": ("GET", "/v1/patients/{patient}/diary", None),
    "read revisions": ("GET", "/v1/patients/{patient}/diary/2026-04-29/revisions", None),
    "delete day": ("DELETE", "/v1/patients/{patient}/diary/2026-04-29", None),
    "read verdict": ("GET", "/v1/procedures/{procedure}/relief", None),
}
READ = (200, 404, 200, 200, 200, 404, 401)
EXPECTED: dict[str, tuple[int, ...]] = {
    "create patient": (403, 403, 201, 201, 201, 201, 401),
    "read patient": READ,
    "change patient": (403, 403, 200, 200, 200, 404, 401),
    "create procedure": (403, 403, 201, 403, 201, 404, 401),
    "list procedures": READ,
    "read procedure": READ,
    "change procedure": (403, 403, 200, 403, 200, 404, 401),
    "write diary": (201, 404, 201, 403, 403, 404, 401),
    "write many": (200, 404, 200, 403, 403, 404, 401),
    "read day": READ,
    "read range": READ,
    "read revisions": READ,
    "delete day": (204, 404, 204, 403, 403, 404, 401),
    "read verdict": READ,
}


async def test_each_role_reaches_what_the_rules_give_it(service: Service) -> None:
    procedure = await service.new_procedure()
    for name, (method, path, body) in CALLS.items():
        got = []
        for who in EVERYBODY:
            await service.put("2026-04-29", 4)
            if await holds_an_entry(service, "2026-04-30"):
                await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/diary/2026-04-30")
            where = path.format(patient=service.ada_id, procedure=procedure)
            got.append((await service(who, method, where, json=body)).status_code)
        assert tuple(got) == EXPECTED[name], name


async def holds_an_entry(service: Service, on: str) -> bool:
    return (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/{on}")).status_code == 200


async def test_every_call_of_the_document_is_in_the_table(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    open_to_all = {"/v1/token", "/v1/me", "/healthz", "/readyz"}
    documented = sum(len(methods) for path, methods in document["paths"].items() if path not in open_to_all)
    listed = 1  # the list of patients is tested below
    assert documented == len(CALLS) + listed


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
