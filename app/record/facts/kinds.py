"""What tells one kind of fact from another: its wire form, its rules, and what follows from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field, ValidationError, create_model
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action
from app.base.http.problems import Problem, field_problems
from app.base.http.wire import Line, Moment, Wire

ABOUT = {"recorded_at", "reason"}  # of a writing, not of the fact


class FactIn(Wire):
    """What every writing of a fact may say of itself."""

    recorded_at: Moment | None = Field(
        default=None, description="when it was written down; the instant of receipt where it is left out"
    )
    reason: Line | None = Field(default=None, description="why it is written or changed")

    def content(self) -> dict[str, Any]:
        """The fact as it is kept: what is known of it."""
        return self.model_dump(mode="json", exclude_none=True, exclude=ABOUT)


Check = Callable[[AsyncConnection, Row[Any], Any, datetime], Awaitable[None]]
Show = Callable[[AsyncConnection, list[Row[Any]]], Awaitable[list[dict[str, Any]]]]
Project = Callable[[AsyncConnection, Row[Any], bool], Awaitable[None]]


async def _nothing(*_: Any) -> None:
    return None


async def show_content(_connection: AsyncConnection, rows: list[Row[Any]]) -> list[dict[str, Any]]:
    """Facts as they were written, with id and dates, and nothing computed."""
    return [shown(row) for row in rows]


def shown(row: Row[Any]) -> dict[str, Any]:
    """What every fact shows of itself."""
    return {"id": row.id, "patient_id": row.patient_id, **row.content, "created_at": row.created_at}


@dataclass(frozen=True)
class Kind:
    """One kind of fact.

    Args:
        name, plural: its word, and how its addresses begin.
        body, out: its wire form in and out.
        day: the field of the body that says which day it is about.
        action: the rule that a writer needs.
        check: refuses what contradicts the rest of the record; raises a problem.
        show: rows to wire form, with what is computed.
        project: keeps a table for queries in step; told whether the fact is gone.
    """

    name: str
    plural: str
    body: type[FactIn]
    out: type[BaseModel]
    day: str
    action: Action
    check: Check = _nothing
    show: Show = show_content
    project: Project = _nothing
    change: type[FactIn] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "change", _all_optional(self.body))

    def day_of(self, content: dict[str, Any]) -> date:
        """The day that a fact is about."""
        return date.fromisoformat(content[self.day][:10])

    def changed(self, content: dict[str, Any], changes: FactIn) -> FactIn:
        """A fact with some of its fields changed; null takes one away.

        Raises:
            Problem: 422 where the whole would not be a fact of this kind.
        """
        given = changes.model_dump(mode="json", exclude_unset=True)
        try:
            return self.body.model_validate({**content, **given})
        except ValidationError as e:
            found = field_problems(e.errors(include_input=False, include_url=False), "body")
            raise Problem(422, f"{len(found)} at fault in the whole that this would make.", found) from None


def _all_optional(body: type[FactIn]) -> type[FactIn]:
    """The form of a change: every field may be left out."""
    fields: dict[str, Any] = {
        name: (info.rebuild_annotation() | None, Field(default=None, description=info.description))
        for name, info in body.model_fields.items()
    }
    made = create_model(body.__name__.replace("In", "Change"), __base__=Wire, **fields)
    made.__doc__ = "What changes; what is left out stays, and null takes a field away where that may be."
    return made  # type: ignore[return-value]  # it has the fields of FactIn
