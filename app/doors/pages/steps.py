"""Steps that a page's form takes: what is shown on the same page where one can't be taken."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from fastapi import Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from app.base.http.problems import Problem, field_problems
from app.doors.pages.wording import ID, fault, label, spoken

M = TypeVar("M", bound=BaseModel)
CHANGED_MEANWHILE = (
    "Somebody has changed this since you opened it. It is shown as it is now, and nothing of yours was done."
)
UNSAID = ("tag", "of", "q", "kind", "client_secret")  # fields that nobody typed, or that are never said again
TYPED_IN = {
    "starts_at": "on",
    "review_ids": "review_id",
}  # parts of the API's bodies, by the fields of forms that they are made of
SHOWN = (409, 412, 422)  # a state that does not allow it, a lost update, a field at fault


class PageForm(BaseModel):
    """The fields of a form as text; blanks around it are taken away, and a field of blanks alone was left empty.

    What the text means is read inside the step (`filled`), so that a fault is shown beside the form.
    """

    model_config = ConfigDict(str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _left_empty(cls, given: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in given.items() if not isinstance(value, str) or value.strip()}

    def part(self, model: type[M]) -> M:
        """Its fields that are those of another form, and no others."""
        return model.model_validate(self.model_dump(include=set(model.model_fields)))


class DeleteForm(PageForm):
    """Why something should not be on record, and the state that the form was shown with."""

    reason: str | None = None
    tag: str | None = None


@dataclass(frozen=True)
class Typed:
    """What was typed into the form of a step that could not be taken: it is shown again in that form's fields."""

    step: str = ""
    form: PageForm | None = None
    of_old_page: bool = False
    lost: tuple[tuple[str, str], ...] = ()  # what was typed and is not shown in the form again, by field

    def __call__(self, step: str, name: str) -> str:
        """The text of a field of a step's form; empty for the forms of other steps."""
        value = getattr(self.form, name, None) if step == self.step else None
        return "" if value is None else str(value)

    def over(self, step: str, held: object) -> Callable[[str], str]:
        """The texts of a form's fields: what was typed where it is the form of this step, else what is held.

        Of an old page only the words that were written.
        """
        mine = step == self.step

        def text(name: str) -> str:
            typed, stays = getattr(self.form, name, None), getattr(held, name, None)
            value = (typed or stays if self.of_old_page else typed) if mine else stays
            return "" if value is None else str(value)

        return text

    def after(self, problem: Problem) -> "Typed":
        """What is shown again after a problem: of a form whose page was old only the words that were written.

        What was chosen there beside them had been filled in from the old state, and would undo the new one.
        """
        if problem.status != 412 or self.form is None:
            return self
        words = {"note", "reason"} & set(type(self.form).model_fields)
        rest = [(name, value) for name, value in self.form if name not in {*words, *UNSAID} and isinstance(value, str)]
        lost = tuple((label(name), value) for name, value in rest if not ID.search(value))
        kept = type(self.form)(**self.form.model_dump(include=words))
        return Typed(self.step, kept, of_old_page=True, lost=lost)


NOTHING_TYPED = Typed()


async def taken(step: Awaitable[object], then: str, again: Callable[[Problem], Awaitable[Response]]) -> Response:
    """Takes a step and leads to the address `then`; where it can't be taken, `again` shows its page with the problem."""
    problem = await problem_of(step)
    return RedirectResponse(then, 303) if problem is None else await again(problem)


async def problem_of(step: Awaitable[object]) -> Problem | None:
    """The problem that a step ended with, where it is one to show beside the form; others are raised."""
    try:
        await step
    except ValidationError as error:
        return Problem(422, "", errors=field_problems(error.errors(include_input=False, include_url=False), "body"))
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        return problem
    return None


def filled(model: type[M], form: PageForm, **more: object) -> M:
    """A body of the API from the fields of a form that were filled in.

    Raises:
        ValidationError: the form is not one.
    """
    given = {name: value for name, value in form if value is not None and name in model.model_fields}
    return model.model_validate(given | more)


class StepFault(NamedTuple):
    """What is wrong with a step, and at which field of its form; an empty field is the step as a whole."""

    field: str
    says: str


def _field(pointer: str) -> str:
    """The field of a form that a part of the API's body is typed in."""
    name = pointer.strip("/").partition("/")[0]
    return TYPED_IN.get(name, name)


def faults_of(problem: Problem | None) -> list[StepFault]:
    """Each fault as a line for the page."""
    if problem is None:
        return []
    if problem.status == 412:
        return [StepFault("", CHANGED_MEANWHILE)]
    named = [
        StepFault(_field(one.pointer), ": ".join(filter(None, (label(one.pointer), fault(one.detail)))))
        for one in problem.errors
    ]
    return named or [StepFault("", spoken(problem.detail))]
