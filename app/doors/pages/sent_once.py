"""A form that is sent twice, by a double click or by going back, makes nothing twice.

Each form that makes something carries a word of its own, new with each time that it is shown. The same word with the same
fields is the same form again, and is answered as before; with other fields it was filled in anew.
"""

import hashlib
import json
import secrets
from typing import Annotated

from fastapi import Depends, Request

from app.base.http.idempotency.service import NO_KEY, IdempotentCall

FIELD = "sent"  # the name of the hidden field
LONGEST = 64


def fresh() -> str:
    """The word of a form that is shown."""
    return secrets.token_urlsafe(12)


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
