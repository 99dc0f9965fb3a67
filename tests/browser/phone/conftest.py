"""The small clinic on either database, and phones that complain of nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.phone.clinic import SIZE, ClinicOfOne, Phone, served

BY_BOTH = ("test_interleavings", "test_killed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What two send at once, and to a server that is killed, is tried on both databases; what a phone does, on one.

    The calls that it makes are tried on both without a browser.
    """
    here = Path(__file__).parent
    items[:] = [
        one for one in items if one.path.parent != here or one.path.stem in BY_BOTH or "postgresql" not in one.name
    ]


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
