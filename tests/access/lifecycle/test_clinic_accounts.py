"""An admin sees who may sign in and changes it; a clinic always keeps an admin."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from tests.access.accounts.test_hashing import sign_in
from tests.support import Service

pytestmark = pytest.mark.anyio


async def accounts(service: Service, query: str = "") -> dict[str, dict[str, Any]]:
    answer = await service("root", "GET", f"/v1/accounts?{query}")
    assert answer.status_code == 200, answer.text
    return {one["username"]: one for one in answer.json()["items"]}


def where(service: Service, who: str) -> str:
    return f"/v1/accounts/{service.accounts[who][1]}"


async def test_an_admin_sees_the_clinics_accounts_and_no_others(service: Service) -> None:
    before = await accounts(service)
    assert set(before) == {"cleo", "sam", "root", "ada", "bob"}
    assert before["ada"]["patient_id"] == service.ada_id and before["cleo"]["patient_id"] is None
    assert set(await accounts(service, "role=patient")) == {"ada", "bob"}
    await sign_in(service, "cleo")
    after = (await accounts(service))["cleo"]
    assert after["sessions"] == before["cleo"]["sessions"] + 1
    assert datetime.fromisoformat(after["last_sign_in_at"]) > datetime.fromisoformat(after["created_at"])


async def test_the_list_goes_on_where_a_page_ends(service: Service) -> None:
    seen, cursor = [], ""
    for _ in range(3):
        answer = (await service("root", "GET", f"/v1/accounts?limit=2{cursor}")).json()
        seen += [one["username"] for one in answer["items"]]
        cursor = f"&cursor={answer['next']}"
    assert answer["next"] is None and sorted(seen) == ["ada", "bob", "cleo", "root", "sam"]


async def test_another_role_holds_at_once_and_ends_the_sign_ins(service: Service) -> None:
    changed = await service("root", "PATCH", where(service, "sam"), json={"role": "clinician"})
    assert (changed.status_code, changed.json()["role"], changed.json()["sessions"]) == (200, "clinician", 0)
    assert (await service("sam", "GET", "/v1/me")).status_code == 401
    await service.sign_in_again("sam")
    assert (await service("sam", "GET", "/v1/me")).json()["role"] == "clinician"
    token = service.tokens["sam"]
    await service("root", "PATCH", where(service, "sam"), json={"role": "clinician"})
    assert service.tokens["sam"] == token and (await service("sam", "GET", "/v1/me")).status_code == 200


@pytest.mark.parametrize(
    ("who", "body", "pointer"),
    [
        ("ada", {"role": "admin"}, "/role"),
        ("sam", {"role": "patient"}, "/role"),
        ("sam", {}, ""),
        ("sam", {"role": 1}, "/role"),
    ],
)
async def test_what_an_account_can_not_become_is_named(
    service: Service, who: str, body: dict[str, object], pointer: str
) -> None:
    answer = await service("root", "PATCH", where(service, who), json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_of_two_admins_who_remove_each_other_one_stays(service: Service) -> None:
    await service.add("rita", service.clinic_id, "admin")
    answers = await asyncio.gather(
        service("root", "PATCH", where(service, "rita"), json={"role": "clinician"}),
        service("rita", "PATCH", where(service, "root"), json={"disabled": True}),
    )
    assert sorted(one.status_code for one in answers) in ([200, 401], [200, 403])
    await service.sign_in_again("rita") if answers[1].status_code == 200 else await service.sign_in_again("root")
    left = "rita" if answers[1].status_code == 200 else "root"
    found = (await service(left, "GET", "/v1/accounts?role=admin")).json()["items"]
    assert [one["username"] for one in found if not one["disabled"]] == [left]


async def test_an_admin_ends_all_sessions_of_one(service: Service) -> None:
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    assert (await service("root", "DELETE", f"{where(service, 'cleo')}/sessions")).status_code == 204
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    assert (await sign_in(service, "cleo")).status_code == 200, "the account itself goes on"
    assert (await service("root", "DELETE", f"{where(service, 'other')}/sessions")).status_code == 404
    assert (await service("other", "GET", "/v1/me")).status_code == 200
