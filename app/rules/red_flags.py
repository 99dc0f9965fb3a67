"""Red flags: signs on which a person must act today, from the plain rules in `red_flags.toml`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class RedFlagRule:
    """A kind of side effect (`*` is any) from a severity on, and what to tell the patient."""

    name: str
    kind: str
    least_severity: int
    advice: str


@cache
def rules() -> tuple[RedFlagRule, ...]:
    """The rules in the order in which their advice is given."""
    data = tomllib.loads((files(__package__) / "red_flags.toml").read_text("utf-8"))
    return tuple(RedFlagRule(**r) for r in data["rule"])


def red_flags(side_effects: Iterable[tuple[str, int | None]], added: Iterable[RedFlagRule] = ()) -> list[RedFlagRule]:
    """The rules that side effects, each a kind and a severity 1 to 4, meet: the common ones, and those that are added.

    A severity that was not given meets every rule for its kind: what is unknown is not mild.
    """
    met = []
    reported = list(side_effects)
    for rule in (*rules(), *added):
        for kind, severity in reported:
            unknown_own_kind = severity is None and rule.kind == kind
            if unknown_own_kind or (
                rule.kind in (kind, "*") and severity is not None and severity >= rule.least_severity
            ):
                met.append(rule)
                break
    return met
