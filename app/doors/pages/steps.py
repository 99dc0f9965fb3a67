"""Steps that a page's form takes: what is shown on the same page where one can't be taken."""

from collections.abc import Awaitable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from app.base.http.problems import Problem, field_problems

M = TypeVar("M", bound=BaseModel)
SHOWN = (409, 412, 422)  # a state that does not allow it, a lost update, a field at fault


async def problem_of(step: Awaitable[object]) -> Problem | None:
    """The problem that a step ended with, where it is one to show beside the form; others are raised."""
    try:
        await step
    except ValidationError as error:
        return Problem(422, "", field_problems(error.errors(include_input=False, include_url=False), "body"))
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        return problem
    return None


def filled(model: type[M], form: BaseModel, **more: object) -> M:
    """A body of the API from the fields of a form that were filled in.

    Raises:
        ValidationError: the form is not one.
    """
    given = {name: value for name, value in form if value is not None and name in model.model_fields}
    return model.model_validate(given | more)


def faults_of(problem: Problem | None) -> list[str]:
    """Each fault as a line for the page."""
    if problem is None:
        return []
    return [f"{e.pointer.strip('/')}: {e.detail}" for e in problem.errors] or [problem.detail]
