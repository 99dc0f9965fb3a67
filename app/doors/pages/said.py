"""What a page says once, after a form has led to it: that something is done, undone, or was done before.

The browser carries one of the words below in a cookie to the next page. It holds no name and no text of a form.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from fastapi import Request, Response

from app.doors.pages.session import is_over_tls

COOKIE = "reprieve_said"
SECONDS = 60
SAVED = "saved"
SAID = {
    SAVED: "Saved.",
    "again": "This form was sent before. Nothing was done twice.",
    "acknowledge": "You have it now.",
    "call": "The call is kept.",
    "cancel": "Cancelled.",
    "confirm": "Confirmed.",
    "delete": "Deleted.",
    "end": "Ended.",
    "hand": "Handed on.",
    "move": "Moved.",
    "remove": "Taken away.",
    "revoke": "No address works any more.",
    "undo": "Undone.",
    "withdraw": "Withdrawn.",
}
OWN_WORDS = ("done=", "bulk=")  # in an address: that page says by itself what was done, and offers to take it back
_said: ContextVar[str] = ContextVar("said", default="")


@contextmanager
def hearing(request: Request) -> Iterator[None]:
    """While the block runs, a page that is made says what the request's cookie asks for."""
    token = _said.set(SAID.get(request.cookies.get(COOKIE, ""), ""))
    try:
        yield
    finally:
        _said.reset(token)


def heard_of() -> str:
    """What the page that is being made is to say; empty where it is nothing."""
    return _said.get()


def say(request: Request, answer: Response, step: str) -> None:
    """Lets the page that an answer leads to say that a step is done."""
    if not any(word in answer.headers["location"] for word in OWN_WORDS):
        word, secure = step if step in SAID else SAVED, is_over_tls(request)
        answer.set_cookie(COOKIE, word, SECONDS, path="/clinic", secure=secure, httponly=True, samesite="lax")


def forgotten(request: Request, answer: Response) -> Response:
    """The same answer; a page has said it, and the next one does not."""
    shown = answer.headers.get("content-type", "").startswith("text/html")
    if shown and COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path="/clinic")
    return answer
