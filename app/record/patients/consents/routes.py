"""What patients are asked to agree to, and what they have said."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.record.patients.consents import service
from app.record.patients.consents.schemas import ConsentIn, ConsentOut, ConsentTextOut
from app.rules.consents import CONSENT_KINDS, newest, text_of
from app.rules.words import Language

router = APIRouter(prefix="/v1", tags=["patients"])


@router.get("/consent_texts", responses=problems())
async def list_consent_texts(
    _caller: CallerDep, language: Annotated[Language, Query(description="of the texts")] = "en"
) -> Page[ConsentTextOut]:
    """What patients are asked today, word for word."""
    asked = [(kind, newest(kind)) for kind in CONSENT_KINDS]
    return Page(
        items=[
            ConsentTextOut(kind=kind, version=version, text=text_of(kind, version, language) or "")
            for kind, version in asked
        ]
    )


@router.get("/patients/{patient_id}/consents", responses=problems(403, 404))
async def list_consents(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[ConsentOut]:
    """What a patient has agreed to and to what not, with everything said before."""
    return Page(items=await service.list_all(database, caller, patient_id=patient_id, now=now))


@router.post(
    "/patients/{patient_id}/consents",
    status_code=201,
    response_model=ConsentOut,
    responses={201: {"model": ConsentOut}, **problems(403, 404, 409, 413)},
)
async def record_consent(
    patient_id: UUID, given: ConsentIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Records a yes or a no, which holds from the next read on; one may be taken back at any time."""
    answer = await service.record(database, caller, patient_id=patient_id, new=given, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)
