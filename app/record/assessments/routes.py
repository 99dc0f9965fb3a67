"""Questionnaires."""

from app.record.assessments.service import ASSESSMENT
from app.record.facts.routes import fact_router

router = fact_router(ASSESSMENT, "a questionnaire")
