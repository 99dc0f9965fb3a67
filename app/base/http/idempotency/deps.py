"""The `Idempotency-Key` of a call, as a route asks for it."""

import hashlib
from functools import partial
from typing import Annotated

from fastapi import Depends, Header, Request

from app.base.http.idempotency.service import IdempotentCall
from app.base.http.pools import HEAVY

ON_THE_LOOP = 1024 * 1024  # bytes of a body that are hashed in about a millisecond


async def get_idempotent_call(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="the same key and body get the same answer for 24 hours; use a new one for each new row",
        ),
    ] = None,
) -> IdempotentCall:
    """The key, with a fingerprint of the call's address and body."""
    if idempotency_key is None:
        return IdempotentCall(None, "")
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    body = await request.body()
    if len(body) > ON_THE_LOOP:
        return IdempotentCall(idempotency_key, await HEAVY.run(partial(_fingerprint, asked, body)))
    return IdempotentCall(idempotency_key, _fingerprint(asked, body))


def _fingerprint(asked: bytes, body: bytes) -> str:
    made = hashlib.blake2b(asked, digest_size=24)
    made.update(body)
    return made.hexdigest()


IdempotentCallDep = Annotated[IdempotentCall, Depends(get_idempotent_call)]
