"""Consents of a patient: texts, answers, their history."""
