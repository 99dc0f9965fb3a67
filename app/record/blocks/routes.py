"""Diagnostic blocks."""

from app.record.blocks.service import BLOCK
from app.record.facts.routes import fact_router

router = fact_router(BLOCK, "a diagnostic block")
