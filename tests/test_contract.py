"""The whole document, asked at random: no 5xx, no answer outside it. The large run is `tests/benchmarks/contract.py`."""

import pytest

from tests.benchmarks.contract import ask

pytestmark = pytest.mark.unmeasured


def test_no_answer_is_outside_the_document(database_url: str) -> None:
    done = ask(database_url, examples=2, seed=7, phases="examples,fuzzing,stateful")
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout
