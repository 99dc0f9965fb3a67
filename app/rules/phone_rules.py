"""The red flags as a phone applies them without a signal: the same rules and patterns, written for JavaScript. Pure."""

import re
from functools import cache

from app.rules.red_flags import RedFlagRule, rules
from app.rules.red_words import grammar


@cache
def phone_rules() -> dict[str, object]:
    """What `/app/rules.json` holds: the rules in their order, and the grammar of notes."""
    found = grammar()
    denials = found.denials
    return {
        "rules": [_rule(one) for one in rules()],
        "grammar": {
            "phrases": [
                [
                    phrase.sign,
                    phrase.near,
                    phrase.blunt,
                    [[_pattern(part.text), sorted(part.begins)] for part in phrase.parts],
                ]
                for phrase in found.phrases
            ],
            "unless": {
                sign: [[_pattern(part.text) for part in one] for one in every] for sign, every in found.unless.items()
            },
            "denials": {
                "no": _of(denials.no),
                "before": [_of(one) for one in denials.before],
                "others": _of(denials.others),
                "lists": [[_of(begun), _of(stops)] for begun, stops in denials.lists],
                "ors": _of(denials.ors),
                "begun": _of(denials.begun),
                "over": _of(denials.over),
                "answered": _of(denials.answered),
                "past": _of(denials.past),
            },
        },
    }


def _rule(one: RedFlagRule) -> dict[str, object]:
    """A rule's fields; those that say nothing are left out."""
    fields = {
        "sign": one.sign or one.name,
        "kinds": list(one.kinds),
        "least_severity": one.least_severity,
        "unknown_meets": one.unknown_meets,
        "severity": one.severity,
        "region": one.region,
        "first_day": one.first_day,
        "last_day": one.last_day,
        "least_temperature": one.least_temperature,
        "least_pain": one.least_pain,
        "least_rise": one.least_rise,
        "advice": one.advice,
        "asks": one.asks,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _of(pattern: re.Pattern[str]) -> str:
    return _pattern(pattern.pattern)


def _pattern(text: str) -> str:
    """As it stands here, with groups named as JavaScript names them; `note.js` says what letters are."""
    return text.replace("(?P<", "(?<")
