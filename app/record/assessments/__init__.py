"""Questionnaires answered on a day."""
