"""Every screen, for everybody: two sets of rules, small screens, large text, light and dark, four languages, a keyboard."""

import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.base.languages.catalogue import catalogue
from app.doors.phone.assets import messages
from app.rules.words import LANGUAGES
from tests.browser.phone.clinic import OUTSIDE, SCREENS, ClinicOfOne, Phone, day, live_in

HTMLCS = Path(__file__).parents[3] / ".clients" / "node_modules" / "html_codesniffer" / "build" / "HTMLCS.js"
PLACE = r"\{\w+\}"
SNIFF = """() => new Promise((resolve) => HTMLCS.process("WCAG2AA", document, () => resolve(
  HTMLCS.getMessages().filter((one) => one.type === HTMLCS.ERROR).map((one) => `${one.code} ${one.msg}`))))"""
MOVE = """async (path) => {
  history.pushState(null, "", path);
  await (await import("/app/main.js")).draw();
}"""
WIDTHS = (320, 390, 820)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def lived_in(service: ClinicOfOne) -> ClinicOfOne:
    return live_in(service)


def each_screen(phone: Phone, language: str = "en") -> Iterator[str]:
    """Draws one screen after the other, with everything opened: those of who is not signed in, then all others."""
    for name in OUTSIDE:
        phone.open(f"/{name}")
        expect(phone.page.locator("h1")).to_be_visible()
        yield f"{name}, outside"
    phone.sign_in_in(language)
    for name in SCREENS:
        phone.page.evaluate(MOVE, f"/app/{name.format(before=day(-1))}")
        expect(phone.page.locator("#screen:not([aria-busy]) h1").first).to_be_visible()
        for one in phone.page.query_selector_all("details"):
            one.evaluate("one => { one.open = true; }")
        yield name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_screen(new_phone: Callable[..., Phone], lived_in: ClinicOfOne, scheme: str) -> None:
    phone = new_phone(color_scheme=scheme, reduced_motion="reduce")
    found: dict[str, Any] = {}
    for name in each_screen(phone):
        rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        violations = Axe().run(phone.page, options=rules).response["violations"]
        if violations:
            found[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in violations]
    assert found == {}


def test_a_second_set_of_rules_finds_nothing(phone: Phone, lived_in: ClinicOfOne) -> None:
    if (
        not HTMLCS.exists()
    ):  # who has no node is not failed by it; `.ci/run` fetches it, and fails where a test is skipped
        pytest.skip("`make clients` fetches the second set of rules")
    found: dict[str, list[str]] = {}
    for name in each_screen(phone):
        phone.page.evaluate(HTMLCS.read_text())
        if messages := phone.page.evaluate(SNIFF):
            found[name] = messages[:3]
    assert found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_off_at_any_width_in_any_language(
    new_phone: Callable[..., Phone], lived_in: ClinicOfOne, language: str
) -> None:
    phone = new_phone(locale=language)
    for name in each_screen(phone, language):
        for width in WIDTHS:
            phone.page.set_viewport_size({"width": width, "height": 700})
            wide = phone.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (name, language, wide)


def test_text_of_twice_the_size_still_fits(phone: Phone, lived_in: ClinicOfOne) -> None:
    for name in each_screen(phone):
        phone.page.evaluate("document.documentElement.style.fontSize = '225%'")  # of 16 pixels: twice that of the app
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_written_from_right_to_left_it_still_fits(phone: Phone, lived_in: ClinicOfOne) -> None:
    sides = re.compile(r"\b(margin|padding|border)-(left|right)\b|\btext-align:\s*(left|right)\b")
    style = (files("app.doors.phone") / "static" / "phone.css").read_text()
    assert sides.search(style) is None  # sides of a line are its start and its end
    for name in each_screen(phone):
        phone.page.evaluate("document.documentElement.dir = 'rtl'")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390, name
        outside = """() => [...document.querySelectorAll("main *")].filter((one) => one.checkVisibility())
          .map((one) => [one.getBoundingClientRect(), one])
          .filter(([box]) => box.width && (box.left < -1 || box.right > 391))
          .filter(([, one]) => !one.closest("svg")).map(([, one]) => one.outerHTML.slice(0, 120))"""
        assert phone.page.evaluate(outside) == [], name


def test_each_target_is_as_large_as_a_finger(phone: Phone, lived_in: ClinicOfOne) -> None:
    small = """() => [...document.querySelectorAll("button, a.button, a.row, nav a, input, select, textarea, summary, td a")]
      .filter((one) => one.checkVisibility() && !one.matches("[type=checkbox], [type=radio]"))
      .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
      .filter(([box]) => box.width < 44 || box.height < 44).map(([box, html]) => `${box.width}x${box.height} ${html}`)"""
    for name in each_screen(phone):
        assert phone.page.evaluate(small) == [], name


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_each_language_says_everything(language: str, database_url: str) -> None:
    known = catalogue(language)
    for text in messages():
        name = text if isinstance(text, str) else text[0]
        assert name in known, name
        said = known[name]
        pairs = zip([text] if isinstance(text, str) else text, [said] if isinstance(said, str) else said, strict=True)
        for original, translated in pairs:
            assert sorted(set(re.findall(PLACE, original))) == sorted(set(re.findall(PLACE, translated))), name


def test_a_day_is_written_with_the_keyboard_alone(phone: Phone, service: ClinicOfOne) -> None:
    phone.open()
    page = phone.page
    page.get_by_label("Username").focus()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    phone.pain(0).wait_for()
    tab_to(page, "Average pain 4")
    page.keyboard.press("Space")
    expect(phone.pain(4)).to_have_attribute("aria-pressed", "true")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    phone.says("Saved")
    assert service.entry(day())["pain"][0]["average"] == 4


def tab_to(page: Page, name: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")
            == name
        ):
            return
    raise AssertionError(f"{name} is not reached by the keyboard")
