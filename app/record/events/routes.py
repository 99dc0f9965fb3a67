"""Events and work-ups."""

from fastapi import APIRouter

from app.record.events.service import EVENT, WORK_UP
from app.record.facts.routes import fact_router

router = APIRouter()
router.include_router(fact_router(EVENT, "an event"))
router.include_router(fact_router(WORK_UP, "a work-up"))
