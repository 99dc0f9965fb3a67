"""Imports every table, so that migrations and tests see the complete metadata."""

from app.access.accounts.tables import Account, ApiKey, CareTeam, Clinic, FailedTries, Proxy, SignIn
from app.access.audit.tables import AuditEvent, AuditSeal
from app.access.consent.tables import Consent
from app.access.factors.tables import Challenge, RecoveryCode, SecondFactor
from app.access.lifecycle.tables import AccountCode
from app.access.sign_on.tables import ClinicProvider, Identity, SignOnTry
from app.alerts.flags.tables import ClinicRule, Flag
from app.alerts.messages.tables import Address, Delivery, Message
from app.answers.eligibility.tables import ClinicPolicy
from app.answers.verdicts.tables import ClinicRelief, KeptVerdict, OutcomeRow
from app.base.http.idempotency.tables import KeptAnswer
from app.base.store.known_keys import CellKey
from app.base.store.leases import Lease
from app.base.store.metadata import metadata
from app.record.diary.tables import DiaryDay, DiaryRevision
from app.record.facts.tables import FactRow
from app.record.patients.invitations.tables import Invitation
from app.record.patients.sites.tables import ClinicSite, PatientSite
from app.record.patients.tables import ClinicNamesVersion, Patient
from app.record.procedures.tables import ProcedureRow
from app.record.revisions.tables import Revision
from app.record.whole.hand_overs.tables import HandOver
from app.record.whole.tables import Tombstone
from app.work.calendar.tables import Absence, Appointment, Feed, Slot, Waiting
from app.work.reminders.tables import Reminder
from app.work.reviews.tables import Bulk, Review

__all__ = [
    "Absence",
    "Account",
    "AccountCode",
    "Address",
    "ApiKey",
    "Appointment",
    "AuditEvent",
    "AuditSeal",
    "Bulk",
    "CareTeam",
    "CellKey",
    "Challenge",
    "Clinic",
    "ClinicNamesVersion",
    "ClinicPolicy",
    "ClinicProvider",
    "ClinicRelief",
    "ClinicRule",
    "ClinicSite",
    "Consent",
    "Delivery",
    "DiaryDay",
    "DiaryRevision",
    "FactRow",
    "FailedTries",
    "Feed",
    "Flag",
    "HandOver",
    "Identity",
    "Invitation",
    "KeptAnswer",
    "KeptVerdict",
    "Lease",
    "Message",
    "OutcomeRow",
    "Patient",
    "PatientSite",
    "ProcedureRow",
    "Proxy",
    "RecoveryCode",
    "Reminder",
    "Review",
    "Revision",
    "SecondFactor",
    "SignIn",
    "SignOnTry",
    "Slot",
    "Tombstone",
    "Waiting",
    "metadata",
]
