from typing import Any

import pytest

from app.rules.questionnaires import is_meaningful, score
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_questionnaires_are_scored_and_compared_with_the_first(service: Service) -> None:
    path = f"/v1/patients/{service.ada_id}/assessments"
    first = await service("ada", "POST", path, json={"kind": "peg", "answered_on": "2025-07-01", "items": [8, 7, 6]})
    assert (first.json()["score"], first.json()["first_score"], first.json()["meaningful"]) == (7, None, None)
    later = await service("ada", "POST", path, json={"kind": "peg", "answered_on": "2025-10-01", "items": [5, 5, 4.5]})
    assert later.json()["score"] == pytest.approx(4.83, abs=0.01)
    assert later.json()["meaningful"] is True  # 31 % less
    pgic = await service("ada", "POST", path, json={"kind": "pgic", "answered_on": "2025-10-01", "items": [2]})
    assert (pgic.json()["score"], pgic.json()["success"]) == (2, True)
    named = {"kind": "activities", "answered_on": "2025-10-01", "items": [6, 4], "names": ["stairs", "sitting"]}
    assert (await service("ada", "POST", path, json=named)).json()["score"] == 5


def test_scores_by_their_published_rules() -> None:
    assert score("odi", [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]) == 40  # 20 of 50
    assert score("odi", [2, 2, 2, 2, 2, 2, 2, 2, 2, None]) == 40  # 18 of 45
    assert score("ndi", [1.0] * 10) == 10
    assert is_meaningful("odi", 40, 30) is True
    assert is_meaningful("odi", 40, 31) is False
    assert is_meaningful("odi", 20, 14) is True  # 30 %
    assert is_meaningful("ndi", 20, 12.6) is False
    assert is_meaningful("peg", 7, 4.91) is False  # 29.9 % is not 30 %
    assert is_meaningful("peg", 0, 0) is None
    assert is_meaningful("pgic", 4, 1) is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "peg", "items": [8, 7, None]}, "/items"),
        ({"kind": "peg", "items": [8, 7]}, "/items"),
        ({"kind": "peg", "items": [8, 7, 11]}, "/items/2"),
        ({"kind": "odi", "items": [1, 1, 1, 1, None, None, None, None, None, None]}, "/items"),
        ({"kind": "odi", "items": [1, 1, 1, 1, 1, 1, 1, 1, 1, 6]}, "/items/9"),
        ({"kind": "odi", "items": [1.5] + [1] * 9}, "/items/0"),
        ({"kind": "pgic", "items": [0]}, "/items/0"),
        ({"kind": "sf36", "items": [1]}, "/kind"),
        ({"kind": "activities", "items": [5]}, "/names"),
        ({"kind": "activities", "items": [5], "names": ["a", "b"]}, "/names"),
        ({"kind": "peg", "items": [1, 1, 1], "names": ["a"]}, "/names"),
        ({"kind": "peg", "items": [1, 1, 1], "answered_on": "2026-05-02"}, "/answered_on"),
    ],
)
async def test_bad_answers_are_refused_with_their_place(service: Service, body: dict[str, Any], pointer: str) -> None:
    path = f"/v1/patients/{service.ada_id}/assessments"
    answer = await service("ada", "POST", path, json={"answered_on": "2026-04-01", **body})
    assert answer.status_code == 422, answer.text
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
