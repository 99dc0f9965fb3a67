"""The `Idempotency-Key` of a call, as a route asks for it."""

import hashlib
from typing import Annotated

from fastapi import Depends, Header, Request

from app.base.http.idempotency.service import Once


async def get_once(
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
) -> Once:
    """The key, with a fingerprint of the call's address and body."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    return Once(idempotency_key, hashlib.blake2b(asked, digest_size=24).hexdigest())


OnceDep = Annotated[Once, Depends(get_once)]
