"""In which language a patient is told what to do."""

from collections.abc import Iterator

from app.rules.words import LANGUAGES, Language


def language_of(*told: str | None) -> Language:
    """The first of some locales (`de-CH`) whose language there are texts in, else English; None is not known."""
    for language in _known(told):
        return language
    return "en"


def _known(told: tuple[str | None, ...]) -> Iterator[Language]:
    for locale in told:
        named = (locale or "").split("-")[0].lower()
        yield from (language for language in LANGUAGES if language == named)
