"""Whatever people do in any order and at once, time is given once, and a review and its appointment agree."""

import pytest

from tests.support import Service
from tests.work.reviews.at_random import act_all, broken, clinic

pytestmark = pytest.mark.anyio


@pytest.mark.unmeasured
async def test_eight_people_at_random_give_no_time_twice(service: Service) -> None:
    done = await act_all(service, await clinic(service), people=8, steps=400, seed=16)
    assert await broken(service) == []
    statuses = {status for (_, status), _ in done.items()}
    assert statuses <= {0, 200, 201, 409}, done
    for what, status in (
        ("book", 200),
        ("book", 409),
        ("move", 200),
        ("cancel", 200),
        ("reopen", 200),
        ("decide", 200),
    ):
        assert done[what, status], (what, status, done)
