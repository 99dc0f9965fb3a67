"""Every table there is, so that migrations and tests see the whole of it."""

from app.accounts.tables import Account, Clinic, SignIn
from app.audit.tables import AuditEvent
from app.diary.tables import DiaryDay, DiaryRevision
from app.patients.tables import Patient
from app.procedures.tables import Procedure
from app.store.base import metadata
from app.verdicts.tables import KeptVerdict

__all__ = [
    "Account",
    "AuditEvent",
    "Clinic",
    "DiaryDay",
    "DiaryRevision",
    "KeptVerdict",
    "Patient",
    "Procedure",
    "SignIn",
    "metadata",
]
