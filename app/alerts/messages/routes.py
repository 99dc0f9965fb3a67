"""The routes of addresses, webhooks and deliveries."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.alerts.messages import forgotten, push, service
from app.alerts.messages.schemas import (
    AddressIn,
    AddressOut,
    CodeIn,
    DeliveryOut,
    ForgottenIn,
    ForgottenOut,
    PushKeyOut,
    WebhookIn,
    WebhookOut,
)
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import Responses, problems

router = APIRouter(prefix="/v1", tags=["messages"])
ADDED: Responses = {201: {"model": AddressOut, "description": "Added"}}
HOOKED: Responses = {201: {"model": WebhookOut, "description": "Added"}}


@router.get("/push_key", responses=problems())
async def read_push_key(_caller: CallerDep, settings: SettingsDep) -> PushKeyOut:
    """The key that a browser subscribes to Web Push with."""
    key = settings.push_key
    return PushKeyOut(key=None if key is None else push.public_key(key.get_secret_value()))


@router.post("/addresses", status_code=201, response_model=AddressOut, responses={**ADDED, **problems(409, 413)})
async def add_address(
    new: AddressIn, caller: CallerDep, database: DatabaseDep, settings: SettingsDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Adds a mail address or a browser of the caller's own. A mail address gets a code, to be sent back with `confirm`."""
    answer = await service.add_address(database, caller, settings=settings, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.get("/addresses", responses=problems())
async def list_addresses(caller: CallerDep, database: DatabaseDep) -> Page[AddressOut]:
    """The caller's addresses."""
    return Page(items=await service.list_addresses(database, caller))


@router.post("/addresses/{address_id}/confirm", responses=problems(403, 404, 413))
async def confirm_address(
    address_id: UUID, given: CodeIn, caller: CallerDep, database: DatabaseDep, now: Now
) -> AddressOut:
    """Sends back the code that was mailed; from then on messages go there."""
    return await service.confirm(database, caller, address_id=address_id, code=given.code, now=now)


@router.delete("/addresses/{address_id}", status_code=204, responses=problems(403, 404))
async def remove_address(address_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Removes an address of the caller."""
    await service.remove_address(database, caller, address_id=address_id, now=now)


@router.post("/webhooks", status_code=201, response_model=WebhookOut, responses={**HOOKED, **problems(403, 409, 413)})
async def add_webhook(
    new: WebhookIn, caller: CallerDep, database: DatabaseDep, settings: SettingsDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Adds a system of the clinic that is told by a signed POST what happens: ids and nothing else."""
    answer = await service.add_webhook(database, caller, settings=settings, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.get("/webhooks", responses=problems(403))
async def list_webhooks(caller: CallerDep, database: DatabaseDep) -> Page[AddressOut]:
    """The clinic's webhooks."""
    return Page(items=await service.list_webhooks(database, caller))


@router.delete("/webhooks/{webhook_id}", status_code=204, responses=problems(403, 404))
async def remove_webhook(webhook_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Removes a webhook of the clinic."""
    await service.remove_webhook(database, caller, address_id=webhook_id, now=now)


@router.get("/deliveries", responses=problems(403))
async def list_deliveries(
    caller: CallerDep,
    database: DatabaseDep,
    state: Annotated[Literal["waiting", "sent", "dead"] | None, Query(description="in one state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryOut]:
    """The clinic's deliveries, the newest first; dead letters by `state=dead`."""
    found, following = await service.list_deliveries(database, caller, state=state, limit=limit, cursor=cursor)
    return Page(items=found, next=following)


@router.post("/deliveries/{delivery_id}/replay", status_code=204, responses=problems(403, 404, 409))
async def replay_delivery(delivery_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Sends a dead letter again, under its old id."""
    await service.replay_one(database, caller, delivery_id=delivery_id, now=now)


@router.post("/resets", status_code=202, tags=["accounts"], responses=problems(413, 429))
async def mail_reset(request: Request, given: ForgottenIn, database: DatabaseDep, now: Now) -> ForgottenOut:
    """Mails a code for a new password, where the name is an account's that has confirmed a mail address.

    The answer is the same where it is not. The code is good for an hour at `POST /v1/resets/{code}`.
    """
    await forgotten.asked(database, given.username, address=address_of(request), now=now)
    return ForgottenOut()
