"""Questionnaires."""

from app.assessments.service import ASSESSMENT
from app.facts.routes import fact_router

router = fact_router(ASSESSMENT, "a questionnaire")
