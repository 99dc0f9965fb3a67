"""What defines a kind of fact: its JSON forms, its checks, and what is computed from it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError, create_model
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action
from app.base.http.problems import Problem, field_problems
from app.base.http.wire import STORED, JsonObject, Line, Moment, Wire
from app.record.patients.service import Person

ABOUT = {"recorded_at", "reason"}  # fields about the request, not part of the fact


class FactIn(Wire):
    """Fields of every request that records or changes a fact."""

    recorded_at: Moment | None = Field(
        default=None, description="when it was written down; the instant of receipt where it is left out"
    )
    reason: Line | None = Field(default=None, description="why it is written or changed")

    def content(self) -> JsonObject:
        """The known fields of the fact as JSON values, as they are stored."""
        return self.model_dump(mode="json", exclude_none=True, exclude=ABOUT)


B = TypeVar("B", bound=FactIn)
B_contra = TypeVar("B_contra", bound=FactIn, contravariant=True)


@dataclass(frozen=True)
class Fact(Generic[B]):
    """A fact as it stands, or stood at some instant: what was written as its model (`body`), and as JSON (`content`)."""

    clinic_id: UUID
    id: UUID
    patient_id: UUID
    number: int
    body: B
    content: JsonObject
    created_at: datetime


class Check(Protocol[B_contra]):
    """Refuses a new body of a fact that contradicts the rest of the record; raises a problem."""

    async def __call__(self, connection: AsyncConnection, person: Person, /, *, new: B_contra, now: datetime) -> None:
        """Checks `new`, given at the instant `now`, against the rest of the person's record."""


Show = Callable[[AsyncConnection, list[Fact[B]]], Awaitable[Sequence[BaseModel]]]
Project = Callable[[AsyncConnection, Fact[B], bool], Awaitable[None]]


class EndOfFact(Protocol):
    """Ends what rests on a fact that is deleted, in the same transaction."""

    async def __call__(self, connection: AsyncConnection, person: Person, /, *, fact_id: UUID, now: datetime) -> None:
        """Ends what rests on the person's fact, deleted at the instant `now`."""


async def _nothing(*_: object, **_more: object) -> None:
    return None


def _is_equal(one: FactIn, other: FactIn) -> bool:
    return one.content() == other.content()


def shown(fact: Fact[B]) -> dict[str, object]:
    """The fields of every fact: ids, content, and when it was created."""
    return {"id": fact.id, "patient_id": fact.patient_id, **fact.content, "created_at": fact.created_at}


@dataclass(frozen=True)
class Kind(Generic[B]):
    """One kind of fact.

    Args:
        name, plural: its name, and the plural in its URL paths.
        body, out: its wire form in and out.
        day: the field of the body that says which day it is about.
        action: the permission that a writer needs.
        most: how many a patient may have; what is computed of each looks at all the others.
        check: refuses what contradicts the rest of the record; raises a problem.
        show: rows to wire form, with what is computed.
        project: updates a query table from the fact; the flag says whether the fact was deleted.
        end: what a deletion ends beside.
        twin: whether two bodies about one day say the same twice; a second one is refused. By default where all is equal.
        of_the_living: whether a day after the patient's death is refused.
    """

    name: str
    plural: str
    body: type[B]
    out: type[BaseModel]
    day: str
    action: Action
    most: int = 1_000
    check: Check[B] = _nothing
    show: Show[B] | None = None
    project: Project[B] = _nothing
    end: EndOfFact = _nothing
    twin: Callable[[B, B], bool] = _is_equal
    of_the_living: bool = False
    change: type[FactIn] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "change", _all_optional(self.body))

    def day_of(self, body: B) -> date:
        """The day that a fact is about."""
        on: date = getattr(body, self.day)
        return on

    def parse(self, content: JsonObject) -> B:
        """A stored fact as its model."""
        return self.body.model_validate(content, context=STORED)

    async def wire(self, connection: AsyncConnection, facts: list[Fact[B]]) -> Sequence[BaseModel]:
        """Facts in their wire form, with what is computed."""
        if self.show is not None:
            return await self.show(connection, facts)
        return [self.out.model_validate(shown(fact)) for fact in facts]

    def changed(self, content: JsonObject, changes: FactIn) -> B:
        """A fact with some of its fields changed; null takes one away.

        Raises:
            Problem: 422 where the result is not a valid fact of this kind.
        """
        given = changes.model_dump(mode="json", exclude_unset=True)
        try:
            return self.body.model_validate({**content, **given}, context=STORED)  # `given` was checked as it came
        except ValidationError as e:
            found = field_problems(e.errors(include_input=False, include_url=False), "body")
            raise Problem(422, f"{len(found)} at fault in the whole that this would make.", errors=found) from None


AnyKind = Kind[Any]  # of whatever body: the calls of facts are the same for each


def _all_optional(body: type[FactIn]) -> type[FactIn]:
    """The form of a change: every field may be left out."""
    fields: dict[str, Any] = {  # as `create_model` takes them
        name: (info.rebuild_annotation() | None, Field(default=None, description=info.description))
        for name, info in body.model_fields.items()
    }
    made = create_model(body.__name__.replace("In", "Change"), __base__=Wire, **fields)
    made.__doc__ = "What changes; what is left out stays, and null takes a field away where that may be."
    return made  # type: ignore[return-value]  # it has the fields of FactIn
