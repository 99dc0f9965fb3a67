"""A form that is sent twice, by a double click, by going back or from an old tab, does nothing twice.

Each form carries a word of its own, new with each time that it is shown. The same word with the same fields is the same form
again, and leads to where it led before; with other fields it was filled in anew.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID
from weakref import WeakValueDictionary

from fastapi import Depends, Request
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.base.http.idempotency.service import NO_KEY, Answer, IdempotentCall, answered
from app.base.store.database import Database

FIELD = "idempotency_key"  # the name of the hidden field
LONGEST = 64
TAG = Markup('<input type="hidden" name="tag" value="{}">')  # the state that a form was shown with
HIDDEN = Markup('<input type="hidden" name="form_token" value="{}"><input type="hidden" name="{}" value="{}">')
_under_way = WeakValueDictionary[tuple[UUID, UUID, str], asyncio.Lock]()  # by clinic, account and key


@pass_context
def hidden(context: Context, tag: str | None = None) -> Markup:
    """The hidden fields of every form that does something: the page's token, the word of this form, and with what state
    it was shown, where it changes something that others change, too.
    """
    fields = HIDDEN.format(context["visitor"].form_token, FIELD, secrets.token_urlsafe(12))
    return fields if tag is None else fields + TAG.format(tag)


async def get_sent_once(request: Request) -> IdempotentCall:
    """The form that was sent, as a call that is done once."""
    form = await request.form()
    word = form.get(FIELD)
    if not isinstance(word, str) or not 0 < len(word) <= LONGEST:
        return NO_KEY
    fields = [[name, str(value)] for name, value in form.multi_items() if name != "form_token"]
    said = json.dumps([request.url.path, fields]).encode()
    return IdempotentCall(f"form {hashlib.blake2b(said, digest_size=24).hexdigest()}", "form")


SentOnceDep = Annotated[IdempotentCall, Depends(get_sent_once)]


class SentBefore(Exception):
    """The form was sent before, and done; leads to where it led then."""

    def __init__(self, address: str) -> None:
        self.address = address


@dataclass(frozen=True)
class SentForm:
    """A form that somebody sent: where it led is kept, beside what the step itself keeps of its call."""

    database: Database
    caller: Caller
    key: str | None

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Two clicks on one button follow each other, in this process; across processes the step's own rules hold.

        Raises:
            SentBefore: it is done.
        """
        if self.key is None:
            yield
            return
        name = self.caller.clinic_id, self.caller.account_id, self.key
        lock = _under_way.get(name) or _under_way.setdefault(name, asyncio.Lock())
        async with lock:
            done = await answered(self.database, self.caller.account_id, self.key)
            if done is not None:
                raise SentBefore((done.headers or {})["Location"])
            yield

    async def led_to(self, address: str, now: datetime) -> None:
        """Keeps where it led."""

        async def work(_connection: AsyncConnection) -> Answer:
            return Answer({}, 303, {"Location": address})

        who = self.caller
        call = IdempotentCall(self.key, "page")
        await call.run(self.database, who.account_id, clinic_id=who.clinic_id, now=now, work=work)


async def sent_form(request: Request, caller: Caller) -> SentForm:
    """What was sent with a request."""
    call = await get_sent_once(request)
    return SentForm(request.app.state.database, caller, None if call.key is None else f"page {call.key}")
