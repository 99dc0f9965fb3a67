"""Rhizotomies."""

from app.facts.routes import fact_router
from app.procedures.service import PROCEDURE

router = fact_router(PROCEDURE, "a rhizotomy")
