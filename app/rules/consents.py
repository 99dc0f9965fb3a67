"""What patients are asked to agree to, by version and language (`consents.toml`)."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from app.rules.words import Language

ConsentKind = Literal["treatment", "research", "messages"]
CONSENT_KINDS: tuple[ConsentKind, ...] = get_args(ConsentKind)
ConsentTexts = dict[str, dict[str, dict[Language, str]]]


@cache
def _texts() -> ConsentTexts:
    found: ConsentTexts = tomllib.loads((files(__package__) / "consents.toml").read_text("utf-8"))
    return found


def newest(kind: ConsentKind) -> int:
    """The version that is asked today."""
    return max(map(int, _texts()[kind]))


def text_of(kind: ConsentKind, version: int, language: Language = "en") -> str | None:
    """What a version asks; None where there is no such version."""
    found = _texts()[kind].get(str(version))
    return None if found is None else found[language]
