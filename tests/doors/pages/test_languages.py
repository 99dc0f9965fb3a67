"""The pages in four languages: each text of ours has its words in each, and goes through the catalogue to the page."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError

import app
from app.answers.follow_up.wording import texts as of_report
from app.base.languages import sentences, speaking
from app.base.languages.catalogue import catalogue
from app.doors.pages import rendering
from app.doors.pages.templating import READ, SILENT, SpokenEnvironment
from app.rules.words import LANGUAGES
from tests.doors.pages.test_nothing_in_vain import furnished
from tests.doors.pages.test_pages import enter
from tests.support import Service

OTHERS = [one for one in LANGUAGES if one != "en"]
PLACE = re.compile(r"\{\w*\}")
SAYING = {"say": slice(1), "translated": slice(1), "counted": slice(1, 3)}  # which arguments are texts
SAME = ("Reprieve", "{", "https://")  # what is the same in each language begins so


def of_templates() -> list[str]:
    """Every text that stands in a template."""
    found: dict[str, None] = {}
    for one in (files("app.doors.pages") / "templates").iterdir():
        found |= dict.fromkeys(rendering.environment().messages(one.read_text("utf-8")))
    return list(found)


def of_programs() -> list[str]:
    """Words, labels and sentences that pages say and no template holds."""
    return (files("app.base.languages") / "texts.txt").read_text("utf-8").splitlines()


def of_code() -> list[str]:
    """The literals that programs say."""
    found: dict[str, None] = {}
    for path in sorted(Path(app.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                texts = node.args[SAYING[node.func.id]]
                said = [one.value for one in texts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                found |= dict.fromkeys(said)
    return list(found)


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_has_its_words_with_the_same_places(language: str) -> None:
    found = catalogue(language)
    texts = [
        *of_templates(),
        *of_code(),
        *of_report(),
        *(text for text in of_programs() if text and not text.startswith("#")),
    ]
    assert len(texts) > 1300 and "no entries" in texts and "Then and now" in texts
    assert [text for text in texts if text not in found and not text.startswith(SAME)] == []
    for text in texts:
        said = found.get(text, text)
        assert isinstance(said, str)
        assert sorted(PLACE.findall(said)) == sorted(PLACE.findall(text)), text


class Shown(HTMLParser):
    """The texts of a page, with those of its attributes that people read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.texts += [value for name, value in attrs if value and READ.fullmatch(name)]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.texts.append(data)


class Marked(dict[str, str]):
    """A catalogue of a language that nobody speaks: it has each text, between marks."""

    def get(self, text: str, default: object = None) -> str:
        return f"⟦{text}⟧"

    def __contains__(self, text: object) -> bool:
        return True


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for one in (speaking, sentences):
        monkeypatch.setattr(one, "catalogue", lambda language: Marked())
    monkeypatch.setattr(rendering, "language_for", lambda request: "de")
    sentences.forget()
    yield
    sentences.forget()


NOT_OURS = re.compile(  # names, what was typed, ids, units, addresses, days as German has them
    r"Ada Muster|Bob|Here|CPT|Harbour|Clinic|cleo|sam|root|ada|bob|Main building|Room 2|Basel|UTC|Europe/\w+"
    r"|English|Deutsch|Français|Español"
    r"|\b[a-z]+(?:-[a-z0-9]+)+\b|\b[a-z]+\.[a-z]+\b|python-httpx/\S+|testclient|https?://\S+|\b[0-9a-f]{32,}\b"
    r"|Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|\b\w+tag\b|Mittwoch|Samstag"
    r"|\b(?:Mo|Di|Mi|Do|Fr|Sa|So)\b|\b(?:mg|mcg|min|toml|name|title|jurisdiction|source|version)\b"
)
MARKS = re.compile(r"⟦[^⟦⟧]*⟧")


# titles of policies, topics of messages, texts of consents in the patient's language: as they stand elsewhere
ELSEWHERE = re.compile(r"/clinic/(?:policies|webhooks|patients/new|patients/.*/(?:account|edit))")


async def walked(service: Service, **headers: str) -> dict[str, str]:
    """Every text of the pages that an admin comes to, each kind of page once, and where it stands."""
    waiting, seen, found = (
        [*await furnished(service), f"/clinic/patients/{service.ada_id}"],
        set[str](),
        dict[str, str](),
    )
    await enter(service, "root")
    while waiting:
        where = waiting.pop(0).replace("&amp;", "&")
        kind = re.sub(r"[0-9a-f-]{36}|\d{4}-\d\d(-\d\d)?|\?.*", "", where)
        if kind in seen:
            continue
        seen.add(kind)
        answer = await service("nobody", "GET", where, headers=headers)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        waiting += re.findall(r'href="(/clinic[^"#]*)"', answer.text)
        if not ELSEWHERE.match(where):
            found |= dict.fromkeys(Shown(answer.text).texts, where)
    assert len(seen) > 30
    return found


@pytest.mark.anyio
async def test_nothing_reaches_a_page_but_through_the_catalogue(service: Service, marked: None) -> None:
    left = dict[str, str]()
    for text, where in (await walked(service)).items():
        rest = text
        while (fewer := MARKS.sub("", rest)) != rest:
            rest = fewer
        if re.search(r"[^\W\d_]{3}", NOT_OURS.sub("", rest)):
            left[rest.strip()] = where
    assert left == {}


ENGLISH = re.compile(r"\b(?:the|of|and|is|has|with|not|from|by|pain|days|since|until|nothing|nobody|somebody)\b", re.I)


OFFICIAL = re.compile(
    r"Medicare, .*|, text not read|\{\w+\}"
)  # a policy's title and version; places that a module fills


@pytest.mark.anyio
@pytest.mark.parametrize("language", OTHERS)
async def test_no_page_says_a_word_of_english_in_another_language(service: Service, language: str) -> None:
    found = await walked(service, **{"accept-language": language})
    assert {text: where for text, where in found.items() if ENGLISH.search(OFFICIAL.sub("", text))} == {}


@pytest.mark.anyio
async def test_the_language_is_chosen_or_the_browsers_own(service: Service) -> None:
    async def shown(**headers: str) -> str:
        page = (await service("nobody", "GET", "/clinic/sign-in", headers=headers)).text
        return str(re.findall(r'<html lang="(\w+)"', page)[0])

    assert await shown() == "en"
    assert await shown(**{"accept-language": "it, fr;q=0.8, de;q=0.9"}) == "de"
    assert await shown(**{"accept-language": "de;q=0, es-MX;q=0.1"}) == "es"
    assert await shown(**{"accept-language": "de;q=x, ,;;;=,fr"}) == "fr"
    assert await shown(**{"accept-language": "de;q=0"}) == "en"
    assert await shown(**{"accept-language": "en-GB; Q=0.5, de-CH ; q=0.9"}) == "de"
    assert await shown(**{"accept-language": "de;q=nan,es;q=1e9,fr;q=0.1"}) == "fr"
    said = {"language": "fr"}
    answer = await service(
        "nobody", "POST", "/clinic/language", data=said, headers={"referer": "http://test/clinic/sign-in?next=/clinic"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/clinic/sign-in?next=/clinic")
    kept = answer.headers["set-cookie"].lower()
    assert "httponly" in kept and "samesite=lax" in kept and "path=/" in kept
    assert await shown(**{"accept-language": "de"}) == "fr"
    away = {"referer": "https://elsewhere.example/clinic.html"}
    answer = await service("nobody", "POST", "/clinic/language", data={"language": "xx"}, headers=away)
    assert answer.headers["location"].startswith("/clinic") and "set-cookie" not in answer.headers


@pytest.mark.anyio
async def test_what_people_wrote_is_shown_as_they_wrote_it(service: Service) -> None:
    words = "no relief; pain returned. Nothing to do, Room 2.14 until 31 February 2026"
    german = {"accept-language": "de"}
    await service.put("2026-04-30", 4, note=words)
    theirs = f"/v1/patients/{service.ada_id}"
    happened = {"kind": "injury", "happened_on": "2026-04-30", "note": words}
    event = (await service("cleo", "POST", f"{theirs}/events", json=happened)).json()["id"]
    changed = {"note": f"{words}!", "reason": words}
    assert (await service("cleo", "PATCH", f"/v1/events/{event}", json=changed)).status_code == 200
    address = f"/clinic/patients/{service.ada_id}"
    await enter(service)
    day = (await service("nobody", "GET", f"{address}/diary/2026-04-30", headers=german)).text
    assert words in day and "30. April 2026" in day and "Schmerz" in day
    treatments = (await service("nobody", "GET", f"{address}/treatments?history={event}", headers=german)).text
    assert treatments.count(words) == 5 and "Verletzung" in treatments and "injury" not in treatments
    named = {"name": "Mr. Left", "reason": "Wait"}
    assert (await service("cleo", "PATCH", theirs, json=named)).status_code == 200
    assert "Mr. Left" in (await service("nobody", "GET", "/clinic", headers=german)).text


@pytest.mark.parametrize(
    "words",
    [
        "left " * 60 + "L4",
        "." * 900,
        "a, 1 minutes, b, c" + ", 1 minutes, " * 60,
        "{a} {0} {",
        "31 February 2026, 99 May 0000",
        "٣ May ٢٠٢٦",
        "",
        ", right: ".join(["left: x"] * 40),
        "the patient says: " * 40,
    ],
)
def test_a_sentence_that_is_none_of_ours_is_no_error_and_no_wait(words: str) -> None:
    with speaking.speaking("de"):
        assert isinstance(sentences.sentence(words), str)


def test_a_head_of_ours_before_what_somebody_wrote_is_said() -> None:
    with speaking.speaking("de"):
        assert sentences.by_people("repeat the procedure: no relief").endswith(": no relief")
        assert not sentences.by_people("repeat the procedure: no relief").startswith("repeat")
        assert sentences.by_people("left a message, no fever reported") == "left a message, no fever reported"


def said_by(template: str, **told: object) -> str:
    made = SpokenEnvironment(autoescape=True)
    made.globals |= {name: rendering.environment().globals[name] for name in ("text_of", "ours", "say", "counted")}
    with speaking.speaking("de"):
        return made.from_string(template).render(**told)


def test_a_template_says_its_texts_and_leaves_values_alone() -> None:
    told: dict[str, object] = {"name": "<Flags>", "n": 1}
    assert said_by("<h1>Flags</h1>", **told) == "<h1>Hinweise</h1>"
    assert said_by('<a title="Flags" href="Flags">{{ name }}</a>', **told) == (
        '<a title="Hinweise" href="Flags">&lt;Flags&gt;</a>'
    )
    assert said_by("<p>I have it: {{ kind }}</p>", kind="<b>").endswith(": &lt;b&gt;</p>")
    assert said_by('<p>{{ "yes" if n else "no" }}</p>', **told) == "<p>ja</p>"
    chosen = said_by('<input value="{{ "yes" if n else "no" }}"{{ " checked" if n }}>', **told)
    assert chosen == '<input value="yes" checked>'
    assert said_by("<code>Flags <b>x</b> Flags</code>", **told) == "<code>Flags <b>x</b> Flags</code>"
    assert said_by("<script>Flags</script>", **told) == "<script>Flags</script>"
    assert said_by('{{ counted(n, "{count} day", "{count} days") }}', **told) == "1 Tag"


@pytest.mark.parametrize("template", ["<a title='Flags'>{{ n }}</a>", "<p>Flags {here} {{ n }}</p>"])
def test_a_template_that_can_not_be_said_is_an_error_where_it_stands(template: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        said_by(template, n=1)


def test_a_kept_sentence_is_said_part_by_part() -> None:
    says = "Left L4-S1, 300 days ago. Relief 8 % (definition half); pain returned on 23 September 2026 after 232 days."
    with speaking.speaking("de"):
        said = sentences.sentence(says)
        assert "23. September 2026" in said and "L4-S1 links" in said and "Linderung 8 %" in said
        assert not re.search(r"\b(pain|returned|after|days|ago|complete|relief)\b", said)
        assert sentences.sentence("Eve Miller came by train") == "Eve Miller came by train"
        assert sentences.sentence("level 7.1, before 7.4").count(",") == 3, "decimals have a comma"
    assert sentences.sentence(says) == says
