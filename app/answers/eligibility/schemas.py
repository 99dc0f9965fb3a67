"""Policies and their answers on the wire."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Wire
from app.rules.policies.checks import Result

DEFAULT = "medicare-lcd"  # where nobody has named another


class RuleResultOut(BaseModel):
    """One rule of a policy: what it saw, what it needs, and the result."""

    rule: str
    result: Result = Field(description="`unknown` is never met; `needs_a_person`: a person must judge it")
    saw: str
    needs: str
    evidence: list[str] = Field(description="rows that it rests on, as kind/id")
    earliest_on: date | None = Field(description="of a rule about time: the first day on which it could be met")
    branch: str | None = Field(description="rules of different branches are alternatives: one branch in full is enough")
    certainty: Literal["found", "known"] = Field(description="`found` in a stored source, or `known` from memory")


class EligibilityOut(BaseModel):
    """A policy's rules for a proposed day. It approves nothing: the payer approves, and a person decides."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "policy": "medicare-lcd",
                "title": "Medicare, Facet Joint Interventions for Pain Management",
                "version": "2021",
                "verified": None,
                "old": False,
                "proposed_on": "2026-06-01",
                "earliest_on": "2026-01-10",
                "sessions_left": 1,
                "outstanding": ["blocks_before"],
                "rules": [
                    {
                        "rule": "blocks_before",
                        "result": "not_met",
                        "saw": "1 of 1 block on record shows it",
                        "needs": "2 diagnostic blocks with at least 80 % relief for the agent's time",
                        "evidence": ["block/0199a3c4-7d00-7a00-8000-000000000005"],
                        "earliest_on": None,
                        "branch": None,
                        "certainty": "known",
                    }
                ],
            }
        }
    )

    policy: str
    title: str
    version: str | None = Field(description="in force on the proposed day; null where there is none")
    verified: str | None = Field(description="by whom and when it was checked against its source; null: unverified")
    old: bool = Field(description="a newer text is known to exist and was not found: ask the payer")
    proposed_on: date
    earliest_on: date | None = Field(description="first day on which every rule about time could be met")
    sessions_left: int | None = Field(
        description="room in the rolling window on the proposed day, this session counted"
    )
    outstanding: list[str] = Field(description="rules not met, unless another branch is met in full")
    rules: list[RuleResultOut]


class PolicyVersionOut(BaseModel):
    """A version of a policy."""

    version: str
    in_force_from: date
    in_force_to: date | None
    verified_on: date | None
    verified_by: str | None
    old: bool = Field(description="a newer text is known to exist and was not found")
    rules: list[str]


class PolicyOut(BaseModel):
    """A payer's or guideline's rules for a repeat."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "hull-uk",
                "title": "Hull, commissioning policy on facet joint denervation",
                "jurisdiction": "England, Hull",
                "source": "NHS Hull commissioning statement on radiofrequency denervation",
                "own": False,
                "versions": [
                    {
                        "version": "as stored",
                        "in_force_from": "2017-01-01",
                        "in_force_to": None,
                        "verified_on": None,
                        "verified_by": None,
                        "old": False,
                        "rules": ["blocks_before", "minimum_gap"],
                    }
                ],
            }
        }
    )

    name: str
    title: str
    jurisdiction: str
    source: str
    own: bool = Field(default=False, description="whether the clinic has added it itself")
    versions: list[PolicyVersionOut]


def policy_example() -> str:
    """A policy's text to begin with."""
    return """name = "own-payer"
title = "A payer of our own"
jurisdiction = "here"
source = "its letter of 3 May 2026"

[[version]]
version = "2026"
in_force_from = 2026-01-01

[[version.rule]]
rule = "minimum_gap"
months = 6
scope = "site"
certainty = "known"
"""


class PolicyIn(Wire):
    """A policy of the clinic's own, as the text of its file."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"toml": policy_example()}})

    toml: Annotated[str, Field(min_length=1, max_length=20_000)]
