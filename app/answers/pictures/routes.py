"""The picture of a procedure."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.access.accounts.deps import CallerDep
from app.answers.pictures.service import picture, tag_of
from app.answers.pictures.style import Theme
from app.answers.verdicts import context
from app.answers.verdicts.service import Question
from app.base.http.conditional import NOT_MODIFIED, AsKnownOn, IfNoneMatch, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.base.http.wire import RecentDay
from app.base.languages.speaking import speaking
from app.rules.words import Definition, Language

router = APIRouter(prefix="/v1", tags=["verdicts"])
TYPES = {"svg": "image/svg+xml", "png": "image/png"}
# an SVG that is opened by itself runs no script and loads nothing
SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


def _add(form: Literal["svg", "png"], what: str) -> None:
    async def draw(
        procedure_id: UUID,
        caller: CallerDep,
        *,
        database: DatabaseDep,
        now: Now,
        as_of: Annotated[RecentDay | None, Query(description="day as of which to judge; today where left out")] = None,
        as_known_on: AsKnownOn = None,
        definition: Annotated[Definition, Query(description="definition of a return")] = "half",
        theme: Annotated[Theme, Query(description="for a light or a dark page")] = "light",
        language: Annotated[Language, Query(description="of the words in it")] = "en",
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        about = await context.read(
            database, caller, procedure_id=procedure_id, question=Question(as_of, as_known_on, definition), now=now
        )
        with speaking(language):
            headers = {"ETag": tag_of(about.tag, form, theme), "Cache-Control": "private, no-cache", **SAFE}
            if matches(if_none_match, headers["ETag"]):
                return Response(status_code=304, headers=headers)
            return Response(await picture(about, form, theme), media_type=TYPES[form], headers=headers)

    content = {TYPES[form]: {"schema": {"type": "string", "format": "binary"}}}
    router.add_api_route(
        f"/procedures/{{procedure_id}}/relief.{form}",
        draw,
        methods=["GET"],
        response_class=Response,
        responses={200: {"content": content, "description": what}, **NOT_MODIFIED, **problems(403, 404)},
        name=f"relief_{form}",
        summary=f"Picture of a procedure, {form.upper()}",
        description=f"{what}: scores, level with its 90 % band, limits, phases, return, gaps, medication, steps, side "
        "effects. The same picture as on the clinician's page and in the report.",
    )


_add("svg", "The picture as SVG, with its text alternative inside")
_add("png", "The picture as PNG, for where SVG can't be shown")
