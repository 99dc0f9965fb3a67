"""What an operator sees at `/metrics`, and who else does not."""

from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.base.settings import Settings
from app.doors.api import create_app
from tests.alerts.flags.test_conclusions import returned, work
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio


async def figures(service: Service, **labels: str) -> dict[str, float]:
    """The figures by name, those with other labels left out."""
    text = (await service("nobody", "GET", "/metrics")).text
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    return {s.name: s.value for s in samples if all(s.labels.get(k, v) == v for k, v in labels.items())}


async def test_the_lag_grows_until_everything_is_up_to_date(service: Service, clock: Clock) -> None:
    before = await figures(service)
    assert before["reprieve_lag_seconds"] != before["reprieve_lag_seconds"]  # never up to date: not a number
    await returned(service)
    await work(service)
    assert (await figures(service))["reprieve_lag_seconds"] < 1
    await service.put("2026-05-01", 6)
    clock.now += timedelta(minutes=5)
    late = await figures(service, severity="soon", state="opened")
    assert 300 <= late["reprieve_lag_seconds"] < 302
    assert late["reprieve_stale_verdicts"] == 1
    assert (late["reprieve_open_flags"], late["reprieve_open_reviews"]) == (1, 1)
    assert late["reprieve_messages_waiting"] >= 2
    assert late["reprieve_message_lag_seconds"] >= 300
    await work(service)
    done = await figures(service)
    assert (done["reprieve_stale_verdicts"], done["reprieve_lag_seconds"] < 1) == (0, True)


async def test_requests_are_counted_by_route_and_hold_no_id(service: Service) -> None:
    await service.put("2026-05-01", 6)
    text = (await service("nobody", "GET", "/metrics")).text
    assert 'route="/v1/patients/{patient_id}/diary/{date}"' in text
    assert service.ada_id not in text


async def test_it_answers_the_machine_itself_alone(service: Service) -> None:
    through_proxy = await service("nobody", "GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert through_proxy.status_code == 404
    far = httpx.ASGITransport(service.app, client=("203.0.113.7", 1234))
    async with httpx.AsyncClient(transport=far, base_url="http://test") as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_with_a_token_it_answers_whoever_has_it(database_url: str, clock: Clock) -> None:
    settings = {"database_url": database_url, "worker_seconds": 0, "metrics_token": "a long secret"}
    app = create_app(Settings.model_validate(settings), clock)
    far = httpx.ASGITransport(app, client=("203.0.113.7", 1234))
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=far, base_url="http://test") as client:
        for token, status in (("wrong", 401), ("a long secret", 200)):
            answer = await client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
        assert (await client.get("/metrics")).status_code == 401
