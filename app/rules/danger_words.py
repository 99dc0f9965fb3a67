"""Danger signs that a free text may mention, from the words in `danger_words.toml`."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    data = tomllib.loads((files(__package__) / "danger_words.toml").read_text("utf-8"))
    return tuple((g["name"], tuple(g["words"])) for g in data["groups"])


def danger_words(text: str | None) -> list[str]:
    """The groups of signs whose words occur in a text, in any case; "no fever" matches too: a person reads it."""
    spoken = " ".join((text or "").lower().replace("\u2019", "'").split())
    return [name for name, words in _groups() if any(word in spoken for word in words)]
