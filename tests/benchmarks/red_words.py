"""How many of what patients may write is found, and how much is wrongly raised.

    python -m tests.benchmarks.red_words

`tuned` are two hundred sentences of our own, on which the phrases of `app/rules/red_flags.toml` were tried as they were
written;
`unseen` are sixty that were written afterwards. All are made up: they are no figures of real patients.
"""

from collections.abc import Sequence

from app.rules.red_flags import Report, red_flags
from app.rules.red_words import said
from tests.benchmarks.unseen_sentences import SENTENCES as UNSEEN
from tests.rules.sentences import SENTENCES as TUNED

Sentence = tuple[str, str, str | None, int]  # language, text, sign or None, days since the procedure


def count(sentences: Sequence[Sentence], language: str | None = None) -> tuple[int, int, int, int]:
    """Found, of how many; wrongly raised, of how many."""
    found = dangerous = wrong = harmless = 0
    for spoken, text, sign, since in sentences:
        if language not in (None, spoken):
            continue
        got = {one.sign for one in red_flags(Report(spoken=said(text), since=since, region="lumbar"))}
        if sign is None:
            harmless, wrong = harmless + 1, wrong + bool(got)
        else:
            dangerous, found = dangerous + 1, found + (sign in got)
    return found, dangerous, wrong, harmless


def main() -> None:
    print(f"{'sentences':<10} {'language':<9} {'found':>10} {'wrongly raised':>16}")
    for name, sentences in (("tuned", TUNED), ("unseen", UNSEEN)):
        for language in (None, "en", "de", "fr", "es"):
            found, dangerous, wrong, harmless = count(sentences, language)
            print(f"{name:<10} {language or 'all':<9} {f'{found} / {dangerous}':>10} {f'{wrong} / {harmless}':>16}")


if __name__ == "__main__":
    main()
