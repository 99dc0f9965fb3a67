"""Rhizotomies."""

from app.record.facts.routes import fact_router
from app.record.procedures.service import PROCEDURE

router = fact_router(PROCEDURE, "a rhizotomy")
