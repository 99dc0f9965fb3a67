"""The plan after a procedure, and its contacts."""

from uuid import UUID

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.record.contacts import service
from app.record.contacts.schemas import PlanOut
from app.record.facts.routes import fact_router

router = APIRouter()
router.include_router(fact_router(service.CONTACT, "a follow-up contact"))


@router.get("/v1/procedures/{procedure_id}/plan", tags=["contacts"], responses=problems(403, 404))
async def read_plan(procedure_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> PlanOut:
    """The advice given at discharge, the steps back to normal, and each contact: `due`, `done` or `missed`."""
    return await service.read(database, caller, procedure_id=procedure_id, now=now)
