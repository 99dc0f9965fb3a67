"""How a page is made: templates that escape, headers that allow no foreign or inline script, and errors as pages."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import PackageLoader, StrictUndefined, select_autoescape
from pydantic_core import ErrorDetails

from app.access.audit import service as audit
from app.base.http.problems import Problem, field_problems
from app.base.languages.sentences import by_people, sentence
from app.base.languages.speaking import (
    counted,
    day_in_words,
    figure,
    month_in_words,
    speaking,
    spoken_language,
    translated,
    weekday_in_short,
    weekday_in_words,
)
from app.base.languages.speaking import say as said_in
from app.doors.pages.as_shown import tag_of
from app.doors.pages.menu import pages_of
from app.doors.pages.said import forgotten, heard_of, hearing, say
from app.doors.pages.sent_once import SentBefore, SentForm, hidden
from app.doors.pages.session import SignInFirst, Visitor
from app.doors.pages.sparkline import sparkline
from app.doors.pages.templating import SpokenEnvironment, text_of
from app.doors.pages.tongue import TONGUES, language_for
from app.doors.pages.wording import done, fault, label, spoken

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "private, no-store"}
OF_OURS = ("kind", "region", "side", "laterality", "technique", "guidance", "sedation", "agent", "contact", "what")
TITLES = {403: "Not allowed", 404: "Not found", 412: "Changed meanwhile", 422: "Something is not right"}


@cache
def environment() -> SpokenEnvironment:
    """The templates."""
    made = SpokenEnvironment(
        loader=PackageLoader("app.doors.pages"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["hidden"] = hidden
    made.globals["tag_of"] = tag_of
    made.globals["text_of"] = text_of
    made.globals["say"] = said_in
    made.globals["counted"] = counted
    made.globals["ours"] = made.filters["ours"] = sentence
    made.globals["spoken_language"] = spoken_language
    made.globals["tongues"] = TONGUES
    made.globals["pages_of"] = pages_of
    made.filters["day"] = _day
    made.filters["spoken"] = lambda text: sentence(spoken(text))
    made.filters["note"] = lambda text: by_people(spoken(text))
    made.filters["first_up"] = lambda text: text[:1].upper() + text[1:]
    made.filters["done"] = lambda step: translated(done(step))
    made.filters["sparkline"] = sparkline
    made.filters["words"] = _words
    made.filters["at"] = _at
    made.filters["clock"] = _clock
    made.filters["instant"] = lambda text: datetime.fromisoformat(str(text))
    made.filters["hour"] = lambda value, zone: f"{_local(value, zone):%H:%M}"
    made.filters["weekday"] = weekday_in_words
    made.filters["weekday_short"] = weekday_in_short
    made.filters["month"] = month_in_words
    made.filters["place"] = lambda one: ", ".join(filter(None, (one.location, one.room, one.device)))
    made.filters["uuid"] = UUID
    made.filters["plain"] = _plain
    made.filters["figure"] = figure
    made.filters["tenth"] = lambda value: "–" if value is None else figure(f"{value:.1f}")
    made.filters["whole"] = lambda value: "–" if value is None else f"{value:.0f}"
    return made


def _day(value: date | datetime | str | None) -> str:
    if value is None:
        return "–"
    return day_in_words(date.fromisoformat(str(value)[:10]))


def _words(text: object) -> str:
    """A word of our own, such as a kind or a state."""
    return translated(str(text).replace("_", " "))


def _plain(value: object, name: str = "") -> str:
    """A value of a record as words; what holds others is said part by part, and what people wrote stands as it is."""
    if isinstance(value, dict):
        return " ".join(f"{_words(part)} {_plain(one, part)}" for part, one in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(one, name) for one in value)
    if name in OF_OURS:
        return _words(value)
    return translated({True: "yes", False: "no"}[value]) if isinstance(value, bool) else spoken(value)


def _local(value: datetime, zone: str) -> datetime:
    try:
        return value.astimezone(ZoneInfo(zone))
    except OverflowError:  # at the end of the calendar, where older versions let it be
        return value


def _at(value: datetime, zone: str) -> str:
    """An instant as the clocks of a place show it."""
    local = _local(value, zone)
    return f"{day_in_words(local.date())}, {local:%H:%M} ({zone})"


def _clock(value: datetime, zone: str) -> str:
    """The same on a page that says whose clocks it goes by."""
    local = _local(value, zone)
    return f"{day_in_words(local.date())}, {local:%H:%M}"


def page(name: str, visitor: Visitor | None, status: int = 200, /, **told: object) -> HTMLResponse:
    """A page from its template; one about a patient comes from `page_of`, which shows the patient's red flags."""
    assert "person" not in told or "red_flags" in told
    text = environment().get_template(name).render(visitor=visitor, said=heard_of(), **told)
    return HTMLResponse(text, status, headers=HEADERS)


class PageRoute(APIRoute):
    """A route whose errors are pages, with the same text as the API's problems; no page is seen without an audit event."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:  # as in FastAPI
        """The handler with its errors caught."""
        handle = super().get_route_handler()

        async def caught(request: Request) -> Response:
            with hearing(request), speaking(language_for(request)):
                try:
                    with audit.listening() as heard:
                        answer = await handle(request)
                    if answer.status_code == 303:  # nothing is shown where it leads elsewhere
                        await _led_on(request, answer)
                    elif not heard:
                        await _record(request)
                except SignInFirst as first:
                    return RedirectResponse(first.address, 303)
                except SentBefore as before:
                    answer = RedirectResponse(before.address, 303)
                    say(request, answer, "again")
                except Problem as problem:
                    faults = [f"{label(p.pointer)}: {fault(p.detail)}" for p in problem.errors]
                    answer = error_page(request, problem.status, says=problem.detail, faults=faults)
                except RequestValidationError as error:
                    found = field_problems(cast("Sequence[ErrorDetails]", error.errors()))
                    faults = [f"{label(p.pointer)}: {fault(p.detail)}" for p in found]
                    answer = error_page(request, 422, says="The address or the form is not right.", faults=faults)
                return forgotten(request, answer)

        return caught


async def _led_on(request: Request, answer: Response) -> None:
    """A form that was sent led somewhere: where is kept, and the page there says that it is done."""
    form: SentForm | None = getattr(request.state, "sent_form", None)
    if form is not None:
        await form.led_to(answer.headers["location"], request.app.state.clock())
        say(request, answer, request.url.path.rpartition("/")[2])


async def _record(request: Request) -> None:
    """The event of a page whose services recorded none."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    if visitor is not None:
        patient_id: UUID | None = request.path_params.get("patient_id")
        state = request.app.state
        await audit.record_read(
            state.database, visitor.caller, resource="page", patient_id=patient_id, now=state.clock()
        )


def error_page(request: Request, status: int, *, says: str, faults: list[str]) -> HTMLResponse:
    """An error in words, with the menu and the way back."""
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    return page("error.html", visitor, status, title=TITLES.get(status, "An error"), says=says, faults=faults)
