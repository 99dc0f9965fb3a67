"""The policies."""

from fastapi import APIRouter

from app.accounts.deps import CallerDep
from app.eligibility import service
from app.eligibility.schemas import PolicyOut
from app.problems import problems
from app.rules.policies import policies
from app.wire import Page

router = APIRouter(prefix="/v1", tags=["policies"])


@router.get("/policies", responses=problems())
async def list_policies(_caller: CallerDep) -> Page[PolicyOut]:
    """Payers' and guidelines' rules for a repeat, each with its source, its versions and the days they are in force."""
    return Page(items=[service.out(policy) for policy in policies().values()])
