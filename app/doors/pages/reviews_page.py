"""One review, with all that its steps need."""

from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse

from app.access.accounts.permissions import RULES
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.choice import policies_for
from app.answers.eligibility.schemas import EligibilityOut
from app.answers.verdicts import context
from app.answers.verdicts.context import VerdictContext
from app.answers.verdicts.service import Question
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.service import NO_KEY
from app.base.http.pools import QUICK
from app.base.http.problems import Problem
from app.base.http.wire import Day
from app.base.store.database import Database
from app.doors.pages.patient_pages import page_of
from app.doors.pages.rendering import PageRoute
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, taken
from app.record.patients.service import today_of
from app.rules.appointments import STANDS
from app.rules.levels import spoken
from app.rules.reviews import CHECKS, DECISIONS, OPEN
from app.work.calendar import service as calendar
from app.work.calendar.booked import Booked
from app.work.calendar.presence import overtaken_by
from app.work.calendar.schemas import SlotOut
from app.work.calendar.slots import list_slots, window
from app.work.clinic import service as clinics
from app.work.reviews import service, steps
from app.work.reviews.schemas import BookIn, CancelIn, DecisionIn, ReopenIn, ReviewChange, ReviewIn
from app.work.reviews.tables import Review

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
ANSWERS = {"open": "not checked yet", "yes": "yes", "no": "no", "not_needed": "not needed"}


class ReviewStepForm(PageForm):
    """What every step's form carries: the state of the review that it was shown with."""

    tag: str | None = None


class WorkForm(ReviewStepForm):
    """Answers of the checklist, a note, and `take` where whoever sends it takes the review on."""

    take: str | None = None
    note: str | None = None
    check_relief_and_dates: str | None = None
    check_diary_complete_enough: str | None = None
    check_function: str | None = None
    check_confounders_excluded: str | None = None
    check_blocks: str | None = None
    check_patient_asked: str | None = None


class ProposalForm(ReviewStepForm):
    """A proposed repeat."""

    proposed_on: str | None = None
    laterality: str | None = None
    policy: str | None = None
    authorisation: str | None = None
    authorised_from: str | None = None
    authorised_until: str | None = None
    note: str | None = None


class BookForm(ReviewStepForm):
    """The slot to book, and why an admin accepts a clash."""

    slot_id: str | None = None
    overrule: str | None = None


class DecisionForm(ReviewStepForm):
    """A decision and its reason."""

    decision: str | None = None
    reason: str | None = None
    wait_until: str | None = None


class ReopenForm(ReviewStepForm):
    """Why a review that was ended goes on."""

    reason: str | None = None


class CancelReviewForm(ReviewStepForm):
    """Why a review ends without a decision."""

    reason: str | None = None


@router.post("/procedures/{procedure_id:uuid}/reviews")
async def open_review(procedure_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Opens a review, or leads to the one that is open."""
    answer = await service.open_review(
        database, visitor.caller, procedure_id=procedure_id, new=ReviewIn(), once=NO_KEY, now=now
    )
    return RedirectResponse(f"/clinic/reviews/{answer.body['id']}", 303)


@router.get("/reviews/{review_id:uuid}")
async def review_page(
    review_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    policy: Annotated[str, Query(max_length=60)] = "",
    proposed_on: Day | None = None,
) -> Response:
    """One review: what is known, what a policy asks, what is still open."""
    return await _show(database, visitor, review_id=review_id, now=now, policy=policy, proposed_on=proposed_on)


@router.post("/reviews/{review_id:uuid}/work")
async def work_on(
    review_id: UUID, form: Annotated[WorkForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Ticks off the checklist, leaves a note, takes the review on."""

    async def step() -> None:
        checks = {name: answer for name in CHECKS if (answer := getattr(form, f"check_{name}")) is not None}
        mine = {"owner_id": visitor.caller.account_id} if form.take is not None else {}
        change = filled(ReviewChange, form, checklist=checks or None, **mine)
        await steps.work_on(database, visitor.caller, review_id=review_id, given=change, if_match=form.tag, now=now)

    typed = Typed("work", form)
    return await _taken(step(), database, visitor=visitor, review_id=review_id, now=now, typed=typed)


@router.post("/reviews/{review_id:uuid}/propose")
async def propose(
    review_id: UUID, form: Annotated[ProposalForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Proposes a day, a side and a policy."""

    async def step() -> None:
        of_payer = {"authorisation", "authorised_from", "authorised_until"}  # emptied, each is taken away
        change = filled(ReviewChange, form, **form.model_dump(include=of_payer))
        await steps.work_on(database, visitor.caller, review_id=review_id, given=change, if_match=form.tag, now=now)

    typed = Typed("propose", form)
    return await _taken(step(), database, visitor=visitor, review_id=review_id, now=now, typed=typed)


@router.post("/reviews/{review_id:uuid}/book")
async def book(
    review_id: UUID, form: Annotated[BookForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Books a slot."""

    async def step() -> None:
        await steps.book(
            database, visitor.caller, review_id=review_id, given=filled(BookIn, form), if_match=form.tag, now=now
        )

    typed = Typed("book", form)
    return await _taken(step(), database, visitor=visitor, review_id=review_id, now=now, typed=typed)


@router.post("/reviews/{review_id:uuid}/decide")
async def decide(
    review_id: UUID, form: Annotated[DecisionForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Decides the review."""

    async def step() -> None:
        await steps.decide(
            database, visitor.caller, review_id=review_id, given=filled(DecisionIn, form), if_match=form.tag, now=now
        )

    typed = Typed("decide", form)
    return await _taken(step(), database, visitor=visitor, review_id=review_id, now=now, typed=typed)


@router.post("/reviews/{review_id:uuid}/cancel")
async def cancel(
    review_id: UUID, form: Annotated[CancelReviewForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Ends the review without a decision."""

    async def step() -> None:
        await steps.cancel(
            database, visitor.caller, review_id=review_id, given=filled(CancelIn, form), if_match=form.tag, now=now
        )

    typed = Typed("cancel", form)
    return await _taken(step(), database, visitor=visitor, review_id=review_id, now=now, typed=typed)


@router.post("/reviews/{review_id:uuid}/reopen")
async def reopen(
    review_id: UUID, form: Annotated[ReopenForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Goes on with a review that was ended."""

    async def step() -> None:
        await steps.reopen(
            database, visitor.caller, review_id=review_id, given=filled(ReopenIn, form), if_match=form.tag, now=now
        )

    typed = Typed("reopen", form)
    return await _taken(step(), database, visitor=visitor, review_id=review_id, now=now, typed=typed)


async def _taken(
    step: Awaitable[object], database: Database, *, visitor: Visitor, review_id: UUID, now: datetime, typed: Typed
) -> Response:
    """Takes a step; an error is shown on the same page, with what was typed."""

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, review_id=review_id, now=now, problem=problem, typed=typed.after(problem))

    return await taken(step, f"/clinic/reviews/{review_id}", again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    review_id: UUID,
    now: datetime,
    policy: str = "",
    proposed_on: date | None = None,
    problem: Problem | None = None,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    found = await service.read(database, visitor.caller, review_id=review_id, now=now)
    one = found.review
    about = await context.read(
        database, visitor.caller, procedure_id=one.procedure_id, question=Question(None, None, "half"), now=now
    )
    today = today_of(about.person.time_zone, now)
    day = proposed_on or one.proposed_on or today
    named, theirs = await policies_for(database, about, policy or one.policy)
    slots = await _free(database, visitor, now)
    booked, away = await _booked(database, visitor, one=one, now=now)

    def answers() -> list[EligibilityOut]:
        return [
            eligibility.answer(each, about, proposed_on=day, laterality=one.laterality, joints=one.joints)
            for each in (named, *theirs.values())
        ]

    found_by, *beside = await QUICK.run(answers, clinic_id=visitor.caller.clinic_id)
    may_work = (visitor.caller.role, "work_review") in RULES
    stands = booked is not None and booked.state in STANDS
    told: dict[str, object] = {
        "review": service.out(found, now).model_dump(),
        "staff": await clinics.staff_names(database, visitor.caller),
        "tag": service.tag_of(one),
        "says": about.verdict.says,
        "side": _side_to_propose(one, about),
        "adherence": about.verdict.adherence,
        "confounders": about.verdict.confounders,
        "found": found_by,
        "beside": beside,
        "day": day.isoformat(),
        "today": today.isoformat(),
        "policies": theirs,
        "checks": CHECKS,
        "answers": ANSWERS,
        "decisions": DECISIONS,
        "slots": slots,
        "booked": booked,
        "away": away,
        "faults": faults_of(problem),
        "typed": typed,
        "levels": spoken(one.joints or []),
        "zone": about.person.time_zone,
        "may_work": may_work and one.state in OPEN,
        "may_book_after": may_work and one.state == "decided" and one.decision == "repeat" and not stands,
        "may_reopen": may_work and one.state not in OPEN,
        "may_overrule": visitor.caller.role == "admin",
    }
    status = 200 if problem is None else problem.status
    return await page_of(database, visitor, "review.html", person=about.person, now=now, status=status, told=told)


async def _free(database: Database, visitor: Visitor, now: datetime) -> list[SlotOut]:
    """The free slots for procedures of the months to come."""
    begin, end = window(now, now + timedelta(days=120), now)
    slots, _ = await list_slots(
        database, visitor.caller, first=begin, last=end, free=True, kind="procedure", limit=200, cursor=None
    )
    return slots


def _side_to_propose(one: Review, about: VerdictContext) -> str | None:
    """The side on record; of a bilateral procedure of which one side alone has ended, that one, until one is proposed."""
    ended = [side.side for side in about.verdict.sides if side.phase in ("returned", "returning")]
    unsaid = one.proposed_on is None and one.laterality == "bilateral"
    return ended[0] if unsaid and len(ended) == 1 else one.laterality


async def _booked(
    database: Database, visitor: Visitor, *, one: Review, now: datetime
) -> tuple[Booked | None, str | None]:
    """The appointment that a review has, or had; and what is said of an absence that has overtaken it."""
    if one.appointment_id is None:
        return None, None
    async with database.read() as connection:
        booked = await calendar.find(connection, visitor.caller, appointment_id=one.appointment_id, action="read")
        return booked, await overtaken_by(connection, one.clinic_id, appointment_id=one.appointment_id, now=now)
