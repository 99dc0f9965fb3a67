"""What an operator does with an account at the command line is on record, and a new password ends every other way in."""

import anyio.to_thread
import pytest

from tests.access.factors.test_codes import with_app
from tests.commands import reprieve
from tests.support import Service

pytestmark = pytest.mark.anyio


async def run(service: Service, *arguments: str) -> str:
    url = service.app.state.settings.url
    done = await anyio.to_thread.run_sync(lambda: reprieve("account", *arguments, url=url))
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_new_password_ends_codes_and_factors_and_leaves_an_event(service: Service) -> None:
    await with_app(service)
    code = (await service("root", "POST", f"/v1/accounts/{service.accounts['cleo'][1]}/reset")).json()["code"]
    said = await run(service, "cleo", "--clinic", str(service.clinic_id), "--new-password")
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    late = await service("nobody", "POST", f"/v1/resets/{code}", json={"password": "nineteen grey herons waited"})
    assert late.status_code == 404
    assert (await service.show("cleo", "cleo", said.split()[-1]))["expires_in"] == 3600, "and no code is asked for"
    log = (await service("root", "GET", "/v1/audit")).json()["items"]
    assert ("change", "account", None) in [(one["action"], one["resource"], one["account_id"]) for one in log]


async def test_an_operator_is_made_and_signs_in_at_once(service: Service) -> None:
    said = await run(service, "odo", "--clinic", str(service.clinic_id), "--role", "operator")
    await service.show("odo", "odo", said.split()[-1])
    assert (await service("odo", "GET", "/v1/system")).status_code == 200
    log = (await service("root", "GET", "/v1/audit")).json()["items"]
    assert ("create", "account", None) in [(one["action"], one["resource"], one["account_id"]) for one in log]
