"""The follow-up as JSON, and as a one-page PDF."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.access.accounts.deps import CallerDep
from app.access.accounts.service import clinic_name
from app.answers.eligibility.choice import policy_for
from app.answers.follow_up.schemas import FollowUpOut
from app.answers.follow_up.service import follow_up
from app.answers.follow_up.typeset import Paper, report
from app.answers.pictures.collect import picture_content
from app.answers.pictures.description import in_words
from app.answers.pictures.render import drawn
from app.answers.pictures.service import LOOK, picture
from app.answers.verdicts import context
from app.answers.verdicts.context import VerdictContext
from app.answers.verdicts.service import Question
from app.base.http.conditional import NOT_MODIFIED, AsKnownOn, IfNoneMatch, etag_after, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Responses, problems
from app.base.http.wire import Day, Line, RecentDay
from app.base.languages.speaking import speaking, spoken_language
from app.rules.policies import Policy
from app.rules.words import Definition, Language

router = APIRouter(prefix="/v1/procedures/{procedure_id}", tags=["verdicts"])
LAYOUT = "report/4"  # raised when the report's layout changes
AsOf = Annotated[RecentDay | None, Query(description="day as of which to judge; today where left out")]
DefinitionOf = Annotated[Definition, Query(description="definition of a return")]
PolicyName = Annotated[
    Line,
    Query(
        description="name of a policy in `GET /v1/policies`; that of the payer, or of the clinic's country, where left out"
    ),
]
ProposedOn = Annotated[Day | None, Query(description="proposed day of a repeat; `as_of` where left out")]


@router.get("/follow_up", responses=problems(403, 404))
async def read_follow_up(
    procedure_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    as_of: AsOf = None,
    as_known_on: AsKnownOn = None,
    definition: DefinitionOf = "half",
    policy: PolicyName | None = None,
    proposed_on: ProposedOn = None,
) -> FollowUpOut:
    """What the report says: the verdict in a sentence, milestones, side effects, completeness, one policy's rules."""
    question = Question(as_of, as_known_on, definition)
    about = await context.read(database, caller, procedure_id=procedure_id, question=question, now=now)
    half = await context.by_half(database, caller, about, question=question, now=now)
    return follow_up(about, await policy_for(database, about, policy), proposed_on, by_half=half)


PDF: Responses = {
    200: {
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The report",
    }
}


@router.get("/report.pdf", response_class=Response, responses={**PDF, **NOT_MODIFIED, **problems(403, 404)})
async def read_report(
    procedure_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    as_of: AsOf = None,
    as_known_on: AsKnownOn = None,
    definition: DefinitionOf = "half",
    policy: PolicyName | None = None,
    proposed_on: ProposedOn = None,
    paper: Annotated[Paper, Query(description="size of the page")] = "a4",
    language: Annotated[
        Language, Query(description="of the words in it; names and notes stay as they were written")
    ] = "en",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The follow-up on one page: for the record, the payer and the patient. The same follow-up gives the same bytes."""
    question = Question(as_of, as_known_on, definition)
    about = await context.read(database, caller, procedure_id=procedure_id, question=question, now=now)
    named, clinic = await policy_for(database, about, policy), await clinic_name(database, about.person.clinic_id)
    with speaking(language):
        tag = tag_of(about, named, proposed_on=proposed_on, paper=paper, clinic=clinic)
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "Content-Disposition": 'inline; filename="report.pdf"',
        }
        if matches(if_none_match, tag):
            return Response(status_code=304, headers=headers)
        half = await context.by_half(database, caller, about, question=question, now=now)
        made = await make(about, named, by_half=half, proposed_on=proposed_on, paper=paper, clinic=clinic)
        return Response(made, media_type="application/pdf", headers=headers)


def tag_of(about: VerdictContext, policy: Policy, *, proposed_on: date | None, paper: Paper, clinic: str) -> str:
    """The ETag of a report in the language that is spoken."""
    drawn_as = LAYOUT, LOOK, paper, spoken_language()
    return etag_after(about.tag, *drawn_as, policy.name, policy.edition, proposed_on, clinic)


async def make(
    about: VerdictContext,
    policy: Policy,
    *,
    by_half: VerdictContext,
    proposed_on: date | None,
    paper: Paper,
    clinic: str,
) -> bytes:
    """The report as PDF, from the cache or typeset anew.

    Args:
        by_half: the verdict by which the policy is answered.
        clinic: its name, which stands on top.
    """
    told = follow_up(about, policy, proposed_on, by_half=by_half)
    svg = await picture(about, "svg")

    def draw() -> bytes:
        return report(told, svg, words=in_words(picture_content(about)), paper=paper, clinic=clinic)

    tag = tag_of(about, policy, proposed_on=proposed_on, paper=paper, clinic=clinic)
    return await drawn(about.person.clinic_id, tag, draw)
