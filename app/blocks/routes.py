"""Diagnostic blocks."""

from app.blocks.service import BLOCK
from app.facts.routes import fact_router

router = fact_router(BLOCK, "a diagnostic block")
