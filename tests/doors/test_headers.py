"""What every answer says to a browser, and who of other origins may call the API."""

import httpx
import pytest
from pydantic import ValidationError

from app.base.settings import Settings
from app.doors.api import create_app
from app.doors.metrics import Metrics
from tests.doors.pages.test_pages import enter
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
APP = "https://app.example.org"
ALL = (
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/healthz"),
    ("GET", "/clinic"),
    ("GET", "/clinic/sign-in"),
    ("GET", "/clinic/assets/clinic.css"),
    ("GET", "/v1/me"),
    ("GET", "/v1/patients"),
    ("GET", "/nowhere"),
    ("POST", "/v1/token"),
    ("DELETE", "/healthz"),
)


@pytest.mark.parametrize("who", ["nobody", "cleo"])
async def test_every_answer_allows_a_browser_no_more_than_it_needs(service: Service, who: str) -> None:
    await enter(service)
    for method, where in ALL:
        told = (await service(who, method, where)).headers
        policy = dict(one.strip().split(" ", 1) for one in told["content-security-policy"].split(";"))
        assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'", where
        assert policy["default-src"] == ("'self'" if where == "/docs" else "'none'"), where
        assert told["x-content-type-options"] == "nosniff" and told["x-frame-options"] == "DENY", where
        assert told["referrer-policy"] in ("no-referrer", "same-origin"), where
        assert "public" not in told["cache-control"] or where.startswith("/clinic/assets"), where


async def test_a_body_that_is_too_large_is_refused_with_them_too(service: Service) -> None:
    told = await service("cleo", "POST", "/v1/me/password", content=b'{"password": "' + b"x" * 3_000_000)
    assert told.status_code == 413 and told.headers["x-frame-options"] == "DENY" and told.headers["x-request-id"]


@pytest.mark.parametrize(
    ("public", "asked", "secure"),
    [
        ("http://127.0.0.1:8000", "http://test", False),
        ("http://127.0.0.1:8000", "http://reprieve.example", False),  # the Host header decides nothing
        ("http://127.0.0.1:8000", "https://test", True),
        ("https://reprieve.example", "http://127.0.0.1", True),
        ("https://reprieve.example", "https://reprieve.example", True),
    ],
)
async def test_the_cookie_goes_over_tls_alone_where_people_reach_the_service_so(
    service: Service, public: str, asked: str, secure: bool
) -> None:
    state = service.app.state
    state.settings = state.settings.model_copy(update={"public_url": public})
    form = {"username": "cleo", "password": PASSWORD}
    answer = await service.client.post(f"{asked}/clinic/sign-in", data=form, headers={"Origin": asked})
    assert ("Secure" in answer.headers["set-cookie"]) == secure


def app_for(origins: str) -> httpx.AsyncClient:
    settings = Settings.model_validate({"database_url": "sqlite+aiosqlite:///nowhere.db", "cors_origins": origins})
    app = create_app(settings)
    app.state.metrics = Metrics()  # as when it starts, without a database
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def asks(client: httpx.AsyncClient, origin: str) -> httpx.Response:
    wants = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, if-match"}
    return await client.options("/v1/me", headers={"Origin": origin, **wants})


async def test_an_app_of_an_origin_on_the_list_may_call_and_no_other() -> None:
    async with app_for(f"{APP}, http://localhost:5173") as client:
        for origin in (APP, "http://localhost:5173"):
            told = (await asks(client, origin)).headers
            assert told["access-control-allow-origin"] == origin and "PUT" in told["access-control-allow-methods"]
            assert "access-control-allow-credentials" not in told, "a cookie opens nothing from there"
        for origin in ("https://evil.example", "null", f"{APP}.evil.example", "http://app.example.org"):
            assert "access-control-allow-origin" not in (await asks(client, origin)).headers
        refused = await client.get("/healthz", headers={"Origin": APP})
        assert refused.headers["access-control-allow-origin"] == APP
        assert "X-Request-ID" in refused.headers["access-control-expose-headers"]


async def test_without_a_list_no_other_origin_may() -> None:
    async with app_for("") as client:
        assert "access-control-allow-origin" not in (await asks(client, APP)).headers


@pytest.mark.parametrize("origins", ["*", "app.example.org", f"{APP}/", f"{APP}/path", "ftp://app.example.org", "null"])
def test_a_list_that_is_none_is_refused(origins: str) -> None:
    with pytest.raises(ValidationError, match="not a list of origins"):
        app_for(origins)
