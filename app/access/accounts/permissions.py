"""Who may do what: one table of rules, and the condition that each query carries.

A caller reaches a row only through a rule that names role, clinic and relation. A role without a rule for an action gets
403, whether or not the row exists; a row outside the caller's relation is 404.
"""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false

from app.base.http.problems import Problem
from app.rules.words import Role

Action = Literal[
    "read",
    "create_patient",
    "change_patient",
    "change_own",
    "change_procedure",
    "write_diary",
    "record_contact",
    "erase",
    "add_rule",
    "work_flag",
    "work_review",
    "add_slot",
    "confirm",
    "be_told",
    "manage_messages",
    "change_clinic",
    "manage_accounts",
    "read_audit",
    "check_audit",
    "answer",
    "invite",
]
Relation = Literal["own", "clinic"]
IdColumn = ColumnElement[UUID] | ColumnElement[UUID | None]

RULES: dict[tuple[Role, Action], Relation] = {
    ("patient", "read"): "own",
    ("patient", "change_own"): "own",
    ("patient", "write_diary"): "own",
    ("clinician", "read"): "clinic",
    ("clinician", "create_patient"): "clinic",
    ("clinician", "change_patient"): "clinic",
    ("clinician", "change_procedure"): "clinic",
    ("clinician", "write_diary"): "clinic",
    ("scheduler", "read"): "clinic",
    ("scheduler", "create_patient"): "clinic",
    ("scheduler", "change_patient"): "clinic",
    ("admin", "read"): "clinic",
    ("admin", "create_patient"): "clinic",
    ("admin", "change_patient"): "clinic",
    ("admin", "change_procedure"): "clinic",
    ("clinician", "record_contact"): "clinic",
    ("scheduler", "record_contact"): "clinic",
    ("admin", "record_contact"): "clinic",
    ("clinician", "work_flag"): "clinic",
    ("scheduler", "work_flag"): "clinic",
    ("admin", "work_flag"): "clinic",
    ("clinician", "add_slot"): "clinic",
    ("scheduler", "add_slot"): "clinic",
    ("admin", "add_slot"): "clinic",
    ("patient", "confirm"): "own",
    ("scheduler", "confirm"): "clinic",
    ("clinician", "confirm"): "clinic",
    ("admin", "confirm"): "clinic",
    ("clinician", "work_review"): "clinic",
    ("scheduler", "work_review"): "clinic",
    ("admin", "work_review"): "clinic",
    ("patient", "be_told"): "own",
    ("clinician", "be_told"): "own",
    ("scheduler", "be_told"): "own",
    ("admin", "be_told"): "own",
    ("patient", "answer"): "own",
    ("clinician", "invite"): "clinic",
    ("scheduler", "invite"): "clinic",
    ("admin", "invite"): "clinic",
    ("admin", "manage_messages"): "clinic",
    ("admin", "change_clinic"): "clinic",
    ("admin", "manage_accounts"): "clinic",
    ("patient", "read_audit"): "own",
    ("admin", "read_audit"): "clinic",
    ("admin", "check_audit"): "clinic",
    ("admin", "erase"): "clinic",
    ("admin", "add_rule"): "clinic",
}


# what each action is, as the documents say it (`docs/access.md` is made from both tables)
SAID: dict[Action, str] = {
    "read": "read records, verdicts, pictures, reports, flags, reviews, appointments",
    "create_patient": "add a patient",
    "change_patient": "correct a patient's name, birth, language, payer, time zone",
    "change_own": "change one's own time zone and language",
    "change_procedure": "record, correct and delete procedures, blocks, work-ups; import a record",
    "write_diary": "write, correct and delete entries, questionnaires, events",
    "record_contact": "record a follow-up contact",
    "erase": "erase a patient's record",
    "add_rule": "add red flags of the clinic's own",
    "work_flag": "take up a flag, close it, take that back",
    "work_review": "open, work, book, decide, cancel and reopen reviews; the waiting list",
    "add_slot": "add, change, close and delete slots; absences",
    "confirm": "confirm or cancel an appointment, answer an offer",
    "be_told": "addresses to be told at: mail, Web Push, a calendar feed",
    "manage_messages": "webhooks, deliveries, dead letters",
    "change_clinic": "the clinic's settings, and policies of its own",
    "manage_accounts": "accounts of the clinic: invite, change role, disable, reset, end sessions",
    "read_audit": "who read or wrote what",
    "check_audit": "how far the audit is sealed",
    "answer": "answer the question of a flag",
    "invite": "invite a patient to an account",
}


@dataclass(frozen=True)
class Caller:
    """Who asks; and for the audit with which device, from which address, and in which request."""

    account_id: UUID
    clinic_id: UUID
    role: Role
    patient_id: UUID | None
    device: str | None = field(default=None, compare=False)
    address: str | None = field(default=None, compare=False)
    request_id: str | None = field(default=None, compare=False)


def relation_of(caller: Caller, action: Action) -> Relation:
    """How far the caller reaches for an action.

    Raises:
        Problem: 403 where no rule gives the role this action.
    """
    relation = RULES.get((caller.role, action))
    if relation is None:
        raise _forbidden(caller)
    return relation


def _forbidden(caller: Caller) -> Problem:
    article = "An" if caller.role[0] in "aeiou" else "A"
    return Problem(403, f"{article} {caller.role} may not do this.")


def require(caller: Caller, action: Action) -> None:
    """403 where no rule gives the caller's role this action."""
    relation_of(caller, action)


def require_staff(caller: Caller) -> None:
    """403 for somebody who reads no further than their own record."""
    if relation_of(caller, "read") != "clinic":
        raise _forbidden(caller)


def within(relation: Relation, clinic_id: IdColumn, patient_id: IdColumn) -> ColumnElement[bool]:
    """The condition on the columns `clinic_id` and `patient_id` that a query carries; `limits` are its parameters."""
    own: ColumnElement[bool] = patient_id == bindparam("caller_patient")
    of_clinic: ColumnElement[bool] = clinic_id == bindparam("caller_clinic")
    return of_clinic if relation == "clinic" else and_(of_clinic, own)


def limit_names(relation: Relation) -> tuple[str, ...]:
    """The names of the parameters of `within`."""
    return ("caller_clinic",) if relation == "clinic" else ("caller_clinic", "caller_patient")


def limits(caller: Caller, relation: Relation) -> dict[str, object]:
    """The parameters of `within`: the caller's clinic, and for a relation `own` the caller's patient id."""
    clinic: dict[str, object] = {"caller_clinic": caller.clinic_id}
    return clinic if relation == "clinic" else {**clinic, "caller_patient": caller.patient_id}


def reach(caller: Caller, action: Action, *, clinic_id: IdColumn, patient_id: IdColumn | None) -> ColumnElement[bool]:
    """The same condition with its parameters filled in; 403 where the role has no such rule.

    Args:
        patient_id: None for rows that belong to no patient; only a relation `clinic` reaches those.
    """
    relation = relation_of(caller, action)
    of_clinic: ColumnElement[bool] = clinic_id == caller.clinic_id
    if relation == "clinic":
        return of_clinic
    return false() if patient_id is None else and_(of_clinic, patient_id == caller.patient_id)
