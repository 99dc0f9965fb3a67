"""What patients are told: every rule in every language, and in each the same thing to do."""

import re

import pytest

from app.rules.emergency import CLINIC, EMERGENCY, numbers
from app.rules.language import language_of
from app.rules.red_flags import RedFlagRule, rules
from app.rules.red_words import table
from app.rules.words import LANGUAGES, Language

# what a text tells to do, and when; each language says as many of each as English does
SAYS: dict[str, dict[Language, str]] = {
    "the clinic": {"en": "clinic", "de": "Klinik", "fr": "clinique", "es": "clínica"},
    "a hospital": {"en": "emergency department", "de": "Notaufnahme", "fr": "aux urgences", "es": "a urgencias"},
    "the emergency number": {
        "en": "the emergency number",
        "de": "die Notrufnummer",
        "fr": "le numéro d'urgence",
        "es": "al número de emergencias",
    },
    "at the latest tomorrow": {"en": "tomorrow", "de": "morgen", "fr": "demain", "es": "mañana"},
    "at night": {"en": "at night", "de": "nachts", "fr": "la nuit", "es": "de noche"},
    "the temperature": dict.fromkeys(LANGUAGES, "38 °C"),
    "not to open it": {"en": "not open", "de": "öffnen Sie sie nicht", "fr": "ne la percez pas", "es": "no la abra"},
}
NOW = {"en": r"\bnow\b", "de": r"\bjetzt\b", "fr": r"\bmaintenant\b|en ce moment", "es": r"\bahora\b"}
TODAY = {"en": r"\btoday\b", "de": r"\bheute\b", "fr": r"aujourd'hui", "es": r"\bhoy\b"}
NAMED = [pytest.param(rule, id=rule.name) for rule in rules()]


@pytest.mark.parametrize("rule", NAMED)
def test_no_rule_lacks_a_language(rule: RedFlagRule) -> None:
    for texts in (rule.advice, rule.asks):
        assert tuple(texts) == LANGUAGES
        assert len(set(texts.values())) == len(LANGUAGES), "a text that was not translated"
        assert all(text == text.strip() and text.endswith(".") for text in texts.values())
    assert not any("?" in text for text in rule.advice.values())
    assert all("?" in text for text in rule.asks.values())
    assert "¿" in rule.asks["es"]


@pytest.mark.parametrize("rule", NAMED)
def test_each_language_tells_the_same_thing_to_do(rule: RedFlagRule) -> None:
    for texts in (rule.advice, rule.asks):
        for language, text in texts.items():
            for what, said in SAYS.items():
                wanted = texts["en"].lower().count(said["en"].lower()) > 0
                assert (said[language].lower() in text.lower()) == wanted, f"{language}: {what}"
            for when in (NOW, TODAY):
                found = (re.search(when[one], texts[one].lower()) is not None for one in ("en", language))
                assert len(set(found)) == 1, f"{language}: {when['en']}"


def test_every_rule_has_a_source_that_the_head_of_the_file_explains() -> None:
    """Each names a list of the head, or a study with its year, or says that it was chosen."""
    from importlib.resources import files

    head = (files("app.rules") / "red_flags.toml").read_text("utf-8").split("version =")[0]
    for data in table()["rule"]:
        named = re.findall(r"\[(\w+)\]", data["source"])
        assert named, data["name"]
        assert all(f"[{one}]" in head for one in named), data["source"]
        for study in re.findall(r"\(([^()]+ \d{4})", data["source"]):
            assert f"({study})" in head, study


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_are_told_in_each_language(language: Language) -> None:
    told = numbers("+41 44 1", None, "CH", language=language)
    assert "+41 44 1" in told and re.search(r"\b144\.$", told)
    assert re.search(r"\b112\.$", numbers(None, None, None, language=language))
    assert tuple(CLINIC) == tuple(EMERGENCY) == LANGUAGES
    assert len(set(CLINIC.values())) == len(set(EMERGENCY.values())) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("told", "language"),
    [((), "en"), ((None,), "en"), (("de-CH",), "de"), (("it", "es"), "es"), (("it-CH",), "en"), (("FR",), "fr")],
)
def test_the_first_language_that_there_are_texts_in(told: tuple[str | None, ...], language: str) -> None:
    assert language_of(*told) == language
