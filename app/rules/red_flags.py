"""Red flags: signs on which somebody must act, from the rules in `red_flags.toml`, reported or spoken of in a note."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from app.rules.red_words import table
from app.rules.words import LANGUAGES, Language, Region, Severity

OF_WORDS = ("words", "unless")
Texts = dict[Language, str]  # what a patient is told, by the patient's language


@dataclass(frozen=True)
class RedFlagRule:
    """A sign, what meets it, and what to tell the patient; `red_flags.toml` explains each field.

    A rule that names days or a region needs to know those of the newest procedure.
    """

    name: str
    kinds: tuple[str, ...]
    least_severity: int
    advice: Texts
    sign: str = ""
    asks: Texts = field(default_factory=dict)
    severity: Severity = "now"
    emergency: bool = False
    unknown_meets: bool = True
    region: Region | None = None
    first_day: int | None = None
    last_day: int | None = None
    least_temperature: float | None = None
    least_pain: float | None = None
    least_rise: float | None = None
    source: str = ""


@dataclass(frozen=True)
class Report:
    """What an entry says that may be a sign; None is not known.

    Attributes:
        side_effects: each a kind and a severity of 1 to 4.
        spoken: signs that its note speaks of (`red_words.said`).
        temperature: of the body, in °C.
        pain: the highest score of the day, 0 to 10; `pain_before` that of the day before.
        since: days since the newest procedure; `region` is that procedure's.
    """

    side_effects: tuple[tuple[str, int | None], ...] = ()
    spoken: frozenset[str] = frozenset()
    temperature: float | None = None
    pain: float | None = None
    pain_before: float | None = None
    since: int | None = None
    region: Region | None = None


@dataclass(frozen=True)
class RedFlag:
    """A rule that a report meets; `guessed` where only the note speaks of its sign."""

    rule: RedFlagRule
    guessed: bool

    @property
    def sign(self) -> str:
        """What it is about."""
        return self.rule.sign or self.rule.name

    def tells(self, language: Language) -> str:
        """What to tell the patient: advice, or a question where it is a guess."""
        return self.rule.asks[language] if self.guessed else self.rule.advice[language]


@cache
def emergencies() -> frozenset[str]:
    """The signs that send the patient to an emergency department, or to call its number, now."""
    return frozenset(rule.sign or rule.name for rule in rules() if rule.emergency)


def in_all(text: str) -> Texts:
    """A text that is told to everybody as it stands: a clinic's own words."""
    return dict.fromkeys(LANGUAGES, text)


@cache
def rules() -> tuple[RedFlagRule, ...]:
    """The rules in the order in which their advice is given."""
    return tuple(_rule(one) for one in table()["rule"])


def red_flags(report: Report, added: Iterable[RedFlagRule] = ()) -> list[RedFlag]:
    """The rules that a report meets, the first that fits of each sign; the common ones, and those that a clinic has added.

    A severity that was not given meets the rules for its kind that say so: what is unknown is not mild.
    """
    found: dict[str, RedFlag] = {}
    for rule in (*rules(), *added):
        sign = rule.sign or rule.name
        if sign in found or not _fits(rule, report):
            continue
        if _is_reported(rule, report):
            found[sign] = RedFlag(rule, guessed=False)
        elif sign in report.spoken:
            found[sign] = RedFlag(rule, guessed=True)
    return list(found.values())


def _fits(rule: RedFlagRule, report: Report) -> bool:
    """Whether the newest procedure is one that a rule is for."""
    if rule.region is not None and report.region != rule.region:
        return False
    if rule.first_day is None and rule.last_day is None:
        return True
    first, last = rule.first_day or 0, rule.last_day
    return report.since is not None and first <= report.since and (last is None or report.since <= last)


def _is_reported(rule: RedFlagRule, report: Report) -> bool:
    if rule.least_temperature is not None and (report.temperature or 0) >= rule.least_temperature:
        return True
    if _rises(rule, report):
        return True
    return any(
        (severity is None and kind in rule.kinds and rule.unknown_meets)
        or (severity is not None and severity >= rule.least_severity and ("*" in rule.kinds or kind in rule.kinds))
        for kind, severity in report.side_effects
    )


def _rises(rule: RedFlagRule, report: Report) -> bool:
    if rule.least_pain is None or rule.least_rise is None or report.pain is None or report.pain_before is None:
        return False
    return report.pain >= rule.least_pain and report.pain - report.pain_before >= rule.least_rise


def _rule(data: dict[str, Any]) -> RedFlagRule:  # as tomllib gives it
    fields = {name: value for name, value in data.items() if name not in OF_WORDS}
    return RedFlagRule(**{**fields, "kinds": tuple(fields["kinds"])})
