"""Every table there is, so that migrations and tests see the whole of it."""

from app.accounts.tables import Account, Clinic, SignIn
from app.audit.tables import AuditEvent
from app.calendar.tables import Appointment, Feed, Slot, Waiting
from app.diary.tables import DiaryDay, DiaryRevision
from app.eligibility.tables import ClinicPolicy
from app.facts.tables import Fact
from app.flags.tables import ClinicRule, Flag
from app.history.tables import Revision
from app.invitations.tables import Invitation
from app.messages.tables import Address, Delivery, Message
from app.once.tables import KeptAnswer
from app.patients.tables import Patient
from app.procedures.tables import Procedure
from app.records.tables import Tombstone
from app.reviews.tables import Bulk, Review
from app.store.base import metadata
from app.store.leases import Lease
from app.verdicts.tables import KeptVerdict, Outcome

__all__ = [
    "Account",
    "Address",
    "Appointment",
    "AuditEvent",
    "Bulk",
    "Clinic",
    "ClinicPolicy",
    "ClinicRule",
    "Delivery",
    "DiaryDay",
    "DiaryRevision",
    "Fact",
    "Feed",
    "Flag",
    "Invitation",
    "KeptAnswer",
    "KeptVerdict",
    "Lease",
    "Message",
    "Outcome",
    "Patient",
    "Procedure",
    "Review",
    "Revision",
    "SignIn",
    "Slot",
    "Tombstone",
    "Waiting",
    "metadata",
]
