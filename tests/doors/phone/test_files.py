"""The files of the phone's app: whole, small, safe, and in words that are easily read."""

import re

import pytest

from app.base.languages.catalogue import catalogue, say
from app.doors.phone.assets import PAGE, WORKER, assets, messages
from app.rules.course_words import SENTENCES
from app.rules.plan import STEPS
from app.rules.words import LANGUAGES
from tests.support import Service

pytestmark = pytest.mark.anyio
HEADERS_EACH = 560  # bytes of an answer's headers, about


async def test_the_first_load_keeps_to_its_budget(service: Service) -> None:
    """What a phone fetches until the whole app is kept, packed, with headers: at most 150 kB."""
    total = 0
    for name in [*listed(), "/app/first.js", f"/app/{WORKER}"]:
        answer = await service("nobody", "GET", name, headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "gzip"), name
        total += int(answer.headers["Content-Length"]) + HEADERS_EACH
    assert total < 150_000


def listed() -> list[str]:
    files = re.search(rb"const FILES = \[(.*?)\];", assets()[WORKER].content)
    assert files is not None
    return [name.strip('" ') for name in files[1].decode().split(",")]


def test_the_worker_keeps_every_file_that_the_app_needs() -> None:
    kept = {name.removeprefix("/app/") for name in listed()}
    modules = {name for name in assets() if name.endswith(".js")}
    imported = {
        found
        for name in modules
        for found in re.findall(r'(?:from|import) "\.?/?(?:app/)?([\w-]+\.js)"', text_of(name))
    }
    assert imported <= kept
    assert "/app" in listed()
    assert modules - {WORKER} == {name for name in modules if name in imported | {"main.js", "first.js"}}, (
        "dead modules"
    )


def text_of(name: str) -> str:
    return assets()[name].content.decode()


def test_a_changed_file_is_another_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    before = assets()[WORKER].tag
    assets.cache_clear()
    monkeypatch.setattr("app.doors.phone.assets._words", lambda language: b'{"Save": "Sichern"}')
    assert assets()[WORKER].tag != before
    assets.cache_clear()
    monkeypatch.undo()
    assert assets()[WORKER].tag == before


async def test_the_page_allows_its_own_files_and_nothing_else(service: Service) -> None:
    page = await service("nobody", "GET", "/app")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert re.findall(r"<script(?![^>]*src=)", page.text) == []
    assert re.findall(r'(?:src|href)="(?!/app)[^"]*"', page.text) == []
    assert "<style" not in page.text and "style=" not in page.text


async def test_each_screen_has_the_page_and_a_file_that_is_not_there_has_none(service: Service) -> None:
    page = assets()[PAGE].content
    for address in ("/app", "/app/calendar", "/app/day/2026-05-01"):
        assert (await service("nobody", "GET", address)).content == page
    for address in ("/app/nothing.js", "/app/index.html", "/app/../api.py", "/app/words/xx.json"):
        assert (await service("nobody", "GET", address)).status_code == 404, address


async def test_what_a_phone_has_is_not_sent_again(service: Service) -> None:
    first = await service("nobody", "GET", "/app/main.js")
    again = await service("nobody", "GET", "/app/main.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    worker = await service("nobody", "GET", f"/app/{WORKER}")
    assert worker.headers["Service-Worker-Allowed"] == "/app"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_sentences_and_steps_are_said_in_each_language(language: str) -> None:
    for text in (*SENTENCES, *(says for _, _, says in STEPS)):
        assert text in catalogue(language), text
        assert say(text, language, number=3) != say(text, "en", number=3)


def test_a_language_that_there_is_not_is_english() -> None:
    assert say("Save", "xx") == "Save"
    assert catalogue("../en") == {}


def test_what_is_said_is_easy_to_read() -> None:
    """Of sentences, as a reading formula counts them (Flesch and Kincaid 1975): grade 6 at most, over all."""
    texts = [text if isinstance(text, str) else text[1] for text in messages()]
    sentences = [re.sub(r"\{\w+\}", "seven", text) for text in [*texts, *SENTENCES] if len(text.split()) > 5]
    words = [word for text in sentences for word in re.findall(r"[a-z']+", text.lower())]
    ends = sum(max(1, len(re.findall(r"[.!?:;]", text))) for text in sentences)
    grade = 0.39 * len(words) / ends + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade <= 6, grade


def syllables(word: str) -> int:
    found = len(re.findall(r"[aeiouy]+", word.removesuffix("e")))
    return max(1, found)
