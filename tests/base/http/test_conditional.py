"""ETags: a weak one answers 304, and never allows a change."""

import pytest

from app.base.http.conditional import matches
from tests.support import Service

pytestmark = pytest.mark.anyio
NAMED = [(None, False), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False)]


async def test_a_weak_tag_never_allows_a_change(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}"
    tag = (await service("cleo", "GET", path)).headers["etag"]
    refused = (f"W/{tag}", f'"other", W/{tag}', '"other"')
    for given, status in (*((one, 412) for one in refused), (f'"other", {tag}', 200), ("*", 200)):
        answer = await service("cleo", "PATCH", path, json={"name": "Ada Muster"}, headers={"If-Match": given})
        assert answer.status_code == status, given


@pytest.mark.parametrize(("header", "same"), NAMED)
def test_a_weak_tag_still_answers_304(header: str | None, same: bool) -> None:
    assert matches(header, '"a"') == same
