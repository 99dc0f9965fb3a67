"""Errors as RFC 9457 `application/problem+json`, each with a JSON pointer to every field at fault.

No message repeats what was sent: it may be a patient's data.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.base.store.failures import is_unavailable

Responses = dict[int | str, dict[str, Any]]  # of a route, as FastAPI takes them
log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
LOCATED = re.compile(r"([a-z_0-9]+(?:/[a-z_0-9]+)*): (.+)", re.DOTALL)
PLACES = {"body", "query", "path", "header", "cookie"}


class FieldProblem(BaseModel):
    """One field at fault."""

    where: str = Field(description="`body`, `query`, `path` or `header`", examples=["body"])
    pointer: str = Field(description="JSON pointer to the field, inside that place", examples=["/pain/0/average"])
    detail: str = Field(description="what is wrong with it", examples=["Input should be less than or equal to 10"])


class ProblemDetail(BaseModel):
    """A problem as RFC 9457 describes it."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["1 field is at fault."])
    errors: list[FieldProblem] = Field(default_factory=list)


class Problem(Exception):
    """Raised anywhere below a route; becomes the answer."""

    def __init__(
        self, status: int, detail: str, *, errors: Sequence[FieldProblem] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, list(errors), headers

    def body(self) -> ProblemDetail:
        """The problem as it goes over the wire."""
        return ProblemDetail(
            title=HTTPStatus(self.status).phrase, status=self.status, detail=self.detail, errors=self.errors
        )


def not_found(what: str) -> Problem:
    """The answer for a row that does not exist, or that the caller may not know of."""
    return Problem(404, f"There is no such {what}.")


def unavailable() -> Problem:
    """The answer where the database, or its disk, can't be had for the moment."""
    return Problem(503, EXAMPLES[503], headers={"Retry-After": "5"})


def bad_field(pointer: str, detail: str, where: str = "body") -> Problem:
    """422 for one field."""
    return Problem(422, "1 field is at fault.", errors=[FieldProblem(where=where, pointer=pointer, detail=detail)])


def field_problems(errors: Sequence[ErrorDetails], place: str | None = None) -> list[FieldProblem]:
    """Pydantic's errors as fields at fault; `place` where the location does not begin with one.

    The name of an unknown field is the sender's own, and is not repeated; nor is what was sent.
    """
    out: dict[tuple[str, str, str], FieldProblem] = {}
    for error in errors:
        loc = [str(part) for part in error["loc"]]
        where = place or (loc.pop(0) if loc and loc[0] in PLACES else "body")
        detail = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            loc, detail = loc[:-1], "holds a field that is not known here"
        elif loc and loc[-1] == "[key]":
            loc, detail = loc[:-2], f"holds a name that is not known here: {detail}"
        elif error["type"] == "union_tag_invalid":
            detail = f"{error['ctx']['discriminator']} is none of {error['ctx']['expected_tags']}"
        elif error["type"] == "uuid_parsing":
            detail = "Input should be a valid UUID"
        pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in loc)
        named = LOCATED.match(detail) if error["type"] == "value_error" else None
        if named is not None:  # raised by a validator of the whole body that names the field at fault
            pointer, detail = f"{pointer}/{named[1]}", named[2]
        out[where, pointer, detail] = FieldProblem(where=where, pointer=pointer, detail=detail)
    return list(out.values())


def problems(*statuses: int) -> Responses:
    """The `responses` of a route: each status with the problem's schema and an example."""
    out: Responses = {}
    late = {408} if 413 in statuses else set()  # what takes a body does not wait for it for ever
    for status in sorted({400, 401, 422, 500, 503, *statuses, *late}):
        phrase = HTTPStatus(status).phrase
        example = ProblemDetail(title=phrase, status=status, detail=EXAMPLES.get(status, phrase))
        out[status] = {
            "description": phrase,
            **({"headers": RETRY} if status in (429, 503) else {}),
            "content": {
                MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetail"}, "example": example.model_dump()}
            },
        }
    return out


RETRY = {"Retry-After": {"description": "seconds after which to try again", "schema": {"type": "integer"}}}
EXAMPLES = {
    400: "The body is not JSON: Expecting ',' delimiter at line 1 column 20.",
    401: "Sign in first, or again: the token is missing, wrong or expired.",
    403: "A scheduler may not do this.",
    404: "There is no such patient.",
    408: "The body did not come within a minute.",
    409: "The name is taken.",
    412: "The row has changed since you read it; read it again.",
    413: "The body is larger than this call takes.",
    415: "Send JSON with Content-Type: application/json.",
    422: "1 field is at fault.",
    429: "Too many people ask for this at the moment; try again in a few seconds.",
    500: "Something failed on our side; it was logged, and nothing was half done.",
    503: "The database or its disk can't be had for the moment; nothing was half done. Try again soon.",
}


def answer(problem: Problem) -> Response:
    """The HTTP answer of a problem."""
    return JSONResponse(problem.body().model_dump(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem."""

    @app.exception_handler(Problem)
    async def on_problem(_request: Request, error: Problem) -> Response:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = error.errors()
        if errors and errors[0]["type"] == "json_invalid":
            reason = errors[0].get("ctx", {}).get("error", "")
            return answer(Problem(400, f"The body is not JSON: {reason} at character {errors[0]['loc'][-1]}."))
        found = field_problems(cast("Sequence[ErrorDetails]", errors))
        count = f"{len(found)} field is" if len(found) == 1 else f"{len(found)} fields are"
        return answer(Problem(422, f"{count} at fault.", errors=found))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        detail = EXAMPLES[413] if error.status_code == 413 else DETAILS.get(error.status_code, str(error.detail))
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request))
        return answer(Problem(error.status_code, detail, headers=headers))

    @app.exception_handler(Exception)
    async def on_failure(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "?")
        if is_unavailable(error):
            log.warning("unavailable", route=route, error=type(error).__name__)
            return answer(unavailable())
        log.error("failed", route=route, error=type(error).__name__, exc_info=error)
        return answer(Problem(500, EXAMPLES[500]))


def _methods(request: Request) -> list[str]:
    """The methods that an address takes: each is a route of its own, and the framework names only the first."""
    asked = {key: request.scope[key] for key in ("type", "path", "root_path", "headers", "query_string", "app")}
    return [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(r.matches({**asked, "method": method})[0] == Match.FULL for r in request.app.routes)
    ]


DETAILS = {
    401: EXAMPLES[401],
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    400: "The body can't be read.",
}
