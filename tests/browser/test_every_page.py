"""A sample of `python -m tests.browser.every_page`: each page in each language, at each width, in each scheme."""

from collections.abc import Iterator
from contextlib import closing
from itertools import combinations

import pytest
from playwright.sync_api import Browser

from app.rules.words import LANGUAGES
from tests.browser.every_page import EVERY, SCHEMES, WIDTHS, Eyes, Look, Walk, furnish, walk
from tests.browser.serving import Clinic
from tests.doors.pages.addresses import addresses

pytestmark = pytest.mark.unmeasured


def looks_at(nth: int) -> list[Look]:
    """How the nth page is looked at: four of the ways, so that all pages together hold each pair of them."""
    return [
        Look(SCHEMES[(nth // len(WIDTHS) + turn) % len(SCHEMES)], language, WIDTHS[(nth + turn) % len(WIDTHS)])
        for turn, language in enumerate(LANGUAGES)
    ]


@pytest.fixture
def found(browser: Browser, clinic: Clinic) -> Walk:
    kinds = addresses(clinic.app)
    walked = walk(browser, clinic, kinds=kinds, first=furnish(clinic))
    assert walked.missing(kinds) == [], "each page of the application is come to by its links"
    return walked


@pytest.fixture
def eyes(browser: Browser, clinic: Clinic) -> Iterator[Eyes]:
    with closing(Eyes(browser, clinic)) as looking:
        yield looking


def test_nothing_is_wrong_with_any_page(found: Walk, eyes: Eyes) -> None:
    wrong = {}
    for nth, (role, address) in enumerate(found.pages.values()):
        for look in looks_at(nth):
            if faults := eyes.faults(role, address, look):
                wrong[f"{address}, {look}"] = faults
    assert wrong == {}


def test_the_sample_holds_each_pair() -> None:
    def pairs(page: int, look: Look) -> set[tuple[object, ...]]:
        return set(combinations((page, look.scheme, look.language, look.width), 2))

    pages = range(40)
    assert {one for nth in pages for look in looks_at(nth) for one in pairs(nth, look)} == {
        one for nth in pages for look in EVERY for one in pairs(nth, look)
    }
