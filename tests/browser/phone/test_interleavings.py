"""Two phones and a bad line; a thousand such days are tried by `python -m tests.benchmarks.phone`."""

from collections.abc import Callable

import pytest

from tests.browser.phone.clinic import ClinicOfOne, Phone, day
from tests.browser.phone.interleavings import days_before, interleave


@pytest.mark.parametrize("seed", [1])
def test_two_phones_lose_nothing_and_agree(new_phone: Callable[..., Phone], service: ClinicOfOne, seed: int) -> None:
    phones = [new_phone().sign_in() for _ in range(2)]
    assert interleave(phones, service, days=days_before(day(), 25), seed=seed) == []
