"""Two real providers that run as processes of their own, and a clinic that has one."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from sqlalchemy import select

from tests.clients.conftest import TOOLS
from tests.support import Service

HERE = Path(__file__).parent
BACK = "http://127.0.0.1:8000/clinic/sign-on/"
NODE = TOOLS / "node_modules" / "oidc-provider" / "lib" / "index.js"
SECRET = "a secret + of the client"
ROLES = {"reprieve-admins": "admin", "doctors": "clinician"}


@dataclass(frozen=True)
class Running:
    """A provider that runs."""

    kind: str
    issuer: str

    def subject(self, name: str) -> str:
        """What it is told to sign in as somebody."""
        return name


@pytest.fixture(scope="module", params=["python", "node"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """`oidc-provider-mock`, and npm's `oidc-provider`."""
    if request.param == "node":
        if not NODE.exists():
            pytest.skip("`make clients` fetches the provider")
        call = ["node", str(HERE / "provider.mjs"), str(NODE)]
    else:
        people = [
            {"sub": "doc", "groups": ["doctors"]},
            {"sub": "boss", "groups": ["reprieve-admins", "doctors"]},
            {"sub": "guest", "groups": []},
            {"sub": "unverified", "groups": ["doctors"]},
            {"sub": "long", "groups": ["doctors"], "preferred_username": "x" * 300, "email": ""},
        ]
        claims = [
            {
                "email": f"{one['sub']}@clinic.example",
                "email_verified": one["sub"] != "unverified",
                "preferred_username": f"{one['sub']} of the clinic",
                **one,
            }
            for one in people
        ]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        told = [part for one in claims for part in ("--user-claims", json.dumps(one))]
        call = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", *told]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if request.param == "node":
            assert process.stdout is not None
            issuer = process.stdout.readline().strip()
        else:
            issuer = f"http://127.0.0.1:{port}"
        wait_for(issuer)
        yield Running(request.param, issuer)
    finally:
        process.kill()
        process.communicate()


def wait_for(issuer: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{issuer}/.well-known/openid-configuration", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("the provider does not start")


@pytest.fixture
async def with_provider(service: Service, running: Running) -> Service:
    """The clinic has the provider, and nothing is mapped."""
    service.app.state.settings = service.app.state.settings.model_copy(update={"private_targets": True})
    answer = await set_provider(service, running)
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text and answer.json()["has_secret"]
    return service


async def set_provider(service: Service, running: Running, **more: object) -> httpx.Response:
    given = {"issuer": running.issuer, "client_id": "reprieve", "client_secret": SECRET, **more}
    return await service("root", "PUT", "/v1/clinic/provider", json=given)


async def at_provider(address: str, name: str, *, deny: bool = False) -> str:
    """Signs in at the provider as somebody does with a browser; the address that it sends them back to."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        answer = await browser.get(address)
        for _ in range(12):
            where = answer.headers.get("location")
            if where is not None:
                where = urljoin(str(answer.url), where)
                if where.startswith(BACK):
                    return str(where)
                answer = await browser.get(where)
                continue
            assert answer.status_code == 200, answer.text
            form = re.search(r"<form(.*?)>(.*?)</form>", answer.text, re.S)
            assert form is not None, answer.text
            action = re.search(r'action="([^"]*)"', form[1])
            data = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[2]))
            data |= {"sub": name, "login": name, "password": "x"} | ({"action": "deny"} if deny else {})
            answer = await browser.post(urljoin(str(answer.url), unescape(action[1]) if action else ""), data=data)
    raise AssertionError("the provider leads nowhere")


async def begun(service: Service, then: str = "/clinic/reviews") -> str:
    """Where the service sends a browser."""
    answer = await service("nobody", "GET", f"/clinic/sign-on/{service.clinic_id}", params={"next": then})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def come_back(service: Service, address: str) -> httpx.Response:
    parts = urlsplit(address)
    return await service("nobody", "GET", f"{parts.path}?{parts.query}")


async def signed_on(service: Service, name: str) -> httpx.Response:
    return await come_back(service, await at_provider(await begun(service), name))


async def rows(service: Service, *columns: object) -> list[tuple[object, ...]]:
    async with service.app.state.database.read() as connection:
        return [tuple(one) for one in (await connection.execute(select(*columns))).all()]  # type: ignore[call-overload]  # of any columns


async def account_of(service: Service, username: str) -> dict[str, object]:
    listed = (await service("root", "GET", "/v1/accounts")).json()["items"]
    return next(one for one in listed if one["username"] == username)
