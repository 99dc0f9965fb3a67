"""What a message says, in plain words of the reader's language.

No text contains a name, a day or health data: it says that there is something to look at, and links to it.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FALLBACK = "en"
PAGES = {
    "flag": "/clinic/flags",
    "review": "/clinic/reviews/{review_id}",
    "slot": "/clinic/calendar",
    "waiting": "/app",
    "appointment": "/app",
    "patient": "/app",
    "diary": "/app",
    "address": "/",
    "account": "/clinic/reset#{code}",  # behind the #, which no server is sent
}


@dataclass(frozen=True)
class Text:
    """A subject and a body."""

    subject: str
    body: str


@cache
def languages() -> dict[str, dict[str, Any]]:  # as tomllib gives them; a test reads each
    """The texts by language and topic."""
    folder = files(__package__) / "templates"
    return {
        f.name.removesuffix(".toml"): tomllib.loads(f.read_text("utf-8"))
        for f in folder.iterdir()
        if f.name.endswith(".toml")
    }


def language_of(locale: str) -> str:
    """The language whose texts a locale gets: its own where there are any (`de-CH`: `de`), else English."""
    language = locale.split("-")[0].lower()
    return language if language in languages() else FALLBACK


def text(topic: str, locale: str, *, about: dict[str, str], public_url: str) -> Text:
    """What a topic's message says to a reader of a locale; `about` fills in ids and a code, nothing else."""
    words = languages()[language_of(locale)]
    own = words[topic.replace(".", "_")]
    link = public_url.rstrip("/") + PAGES[topic.partition(".")[0]].format_map(about)
    told = {"link": link, "code": about.get("code", "")}
    return Text(
        own["subject"].format_map(told), own["body"].strip().format_map(told) + "\n\n" + words["foot"].strip() + "\n"
    )
