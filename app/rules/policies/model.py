"""A policy as data. A policy has versions; a version is in force between days and has rules."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

# the parameters of each rule: name, and whether it must be there
RULES: dict[str, dict[str, tuple[type | tuple[type, ...], bool]]] = {
    "blocks_before": {
        "count": (int, True),
        "percent": ((int, float), False),
        "agents_time": (bool, False),
        "different_days": (bool, False),
        "within_months": (int, False),
        "weeks_apart": (int, False),
    },
    "relief_percent": {"percent": ((int, float), True)},
    "relief_duration": {
        "months": (int, False),
        "weeks": (int, False),
        "surely_weeks": (int, False),
        "better_months": (int, False),
    },
    "function_gain": {"percent": ((int, float), True)},
    "sessions_in_window": {
        "count": (int, True),
        "months": (int, True),
        "groups": (list, True),
        "per_side": (bool, False),
    },
    "minimum_gap": {"months": (int, True), "scope": (str, True)},
    "levels": {"most": (int, True)},
    "pain_now": {"least": ((int, float), True)},
    "region_covered": {"regions": (list, True)},
    "not_covered": {"regions": (list, True)},
    "joints_covered": {"joints": (list, True)},
    "technique": {"techniques": (list, True), "least_c": ((int, float), False)},
    "pain_since": {"months": (int, True)},
    "conservative_care": {"weeks": (int, False)},
}
SCOPES = ("region", "site", "side_and_level")
ABOUT = {"rule", "branch", "certainty", "note"}


@dataclass(frozen=True)
class PolicyRule:
    """One rule: its name, its numbers, and how sure its source is (`found` in a stored source, or `known` from memory).

    Rules with different `branch` are alternatives: it is enough that all of one branch are met.
    """

    name: str
    numbers: dict[str, Any]  # of the types that RULES says, checked when read
    certainty: str
    branch: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Version:
    """The rules of a policy that are in force between two days."""

    version: str
    in_force_from: date
    in_force_to: date | None
    verified_on: date | None
    verified_by: str | None
    old: bool  # a newer text is known to exist, and was not found
    rules: tuple[PolicyRule, ...]

    def in_force(self, on: date) -> bool:
        """Whether it is in force on a day, both ends included."""
        return self.in_force_from <= on and (self.in_force_to is None or on <= self.in_force_to)


@dataclass(frozen=True)
class Policy:
    """A payer's or guideline's rules, with their source."""

    name: str
    title: str
    jurisdiction: str
    source: str
    versions: tuple[Version, ...] = field(default_factory=tuple)
    edition: str = ""  # hash of its text
    usual_in: tuple[str, ...] = ()  # countries (ISO 3166-1) in which it answers where no other is named
    usual_for: tuple[str, ...] = ()  # the regions for which it does so; empty: those for which no other does

    def on(self, day: date) -> Version | None:
        """The version in force on a day."""
        return next((v for v in self.versions if v.in_force(day)), None)
