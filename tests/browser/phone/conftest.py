"""The small clinic on either database, and phones that complain of nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.phone.clinic import SIZE, ClinicOfOne, Phone, served


@pytest.fixture
def service(database_url: str) -> Iterator[ClinicOfOne]:
    """The clinic, served; the database is one of the two kinds."""
    with served(database_url) as one:
        yield one


@pytest.fixture
def new_phone(browser: Browser, service: ClinicOfOne) -> Iterator[Callable[..., Phone]]:
    """Makes phones; whatever a console complains of fails the test, unless it is of an answer that was asked for."""
    phones: list[Phone] = []

    def make(*, background: bool = False, **more: Any) -> Phone:
        wanted = {
            "viewport": SIZE,
            "locale": "en-GB",
            "timezone_id": "UTC",
            "has_touch": True,
            "accept_downloads": True,
        }
        phones.append(Phone(browser.new_context(**{**wanted, **more}), service, background=background))
        return phones[-1]

    yield make
    for one in phones:
        with closing(one.context):
            refused = "Failed to load resource: the server responded with a status of 4"
            assert [text for text in one.heard if not text.startswith(refused)] == []


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()
