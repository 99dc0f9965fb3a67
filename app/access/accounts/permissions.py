"""Who may do what: one table of rules, and the condition that each query carries.

A caller reaches a row only through a rule that names role, clinic and relation. A role without a rule for an action gets
403, whether or not the row exists; a row outside the caller's relation is 404.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, exists, false, literal, or_, select

from app.access.accounts.tables import CareTeam
from app.base.http.problems import Problem
from app.base.store.typed import col
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
    "operate",
    "consent",
    "let_act",
    "hand_over",
    "manage_keys",
    "manage_team",
    "break_glass",
]
Relation = Literal["own", "clinic", "team", "member", "system"]  # a member of the team does more than look
CLINIC = "caller_clinic"
STAFFS: tuple[Relation, ...] = ("clinic", "team", "member")  # further than one record
InstantColumn = ColumnElement[datetime] | ColumnElement[datetime | None]
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
    ("patient", "consent"): "own",
    ("clinician", "consent"): "clinic",
    ("scheduler", "consent"): "clinic",
    ("admin", "consent"): "clinic",
    ("patient", "let_act"): "own",
    ("patient", "hand_over"): "own",
    ("clinician", "hand_over"): "clinic",
    ("scheduler", "hand_over"): "clinic",
    ("admin", "hand_over"): "clinic",
    ("clinician", "let_act"): "clinic",
    ("admin", "let_act"): "clinic",
    ("admin", "manage_keys"): "clinic",
    ("clinician", "manage_team"): "clinic",
    ("admin", "manage_team"): "clinic",
    ("clinician", "break_glass"): "clinic",
    ("operator", "operate"): "system",
    ("operator", "be_told"): "own",
}


# what each action is, as the documents say it (`docs/access.md` is made from both tables)
SAID: dict[Action, str] = {
    "read": "read records, verdicts, pictures, reports, flags, reviews, appointments",
    "create_patient": "add a patient",
    "change_patient": "correct a patient's name, birth, number, contact, language, payer, time zone",
    "change_own": "change one's own time zone, language, phone and mail",
    "change_procedure": "record, correct and delete procedures, blocks, work-ups; import a record",
    "write_diary": "write, correct and delete entries, questionnaires, events",
    "record_contact": "record a follow-up contact",
    "erase": "erase a patient's record",
    "add_rule": "add red flags of the clinic's own",
    "work_flag": "take up a flag, close it, take that back",
    "work_review": "open, work, book, decide, cancel and reopen reviews; the waiting list",
    "add_slot": "add, change, close and delete slots; absences",
    "confirm": "confirm, move or cancel an appointment, answer an offer",
    "be_told": "addresses to be told at: mail, Web Push, a calendar feed",
    "manage_messages": "webhooks, deliveries, dead letters",
    "change_clinic": "the clinic's settings, and policies of its own",
    "manage_accounts": "accounts of the clinic: invite, change role, disable, reset, end sessions",
    "read_audit": "who read or wrote what",
    "check_audit": "how far the audit is sealed",
    "answer": "answer the question of a flag",
    "invite": "invite a patient to an account",
    "consent": "say what one agrees to; for the staff: record what was said on paper",
    "hand_over": "hand the whole record over to another clinic, as the patient agreed",
    "let_act": "let somebody read, or write for a patient, and end that",
    "manage_keys": "keys of machines",
    "manage_team": "who treats a patient, where the clinic works in teams",
    "break_glass": "look from outside a team, for a reason that the patient's log shows",
    "operate": "clinics by name and size, and how the service does; no patient",
}
ActsAs = Literal["reads", "writes"]  # for a patient who lets them
PROXIES: dict[Action, tuple[ActsAs, ...]] = {  # of what a patient may do, what somebody may who acts for one
    "read": ("reads", "writes"),
    "write_diary": ("writes",),
    "answer": ("writes",),
    "confirm": ("writes",),
}


@dataclass(frozen=True)
class Caller:
    """Who asks; and for the audit with which device."""

    account_id: UUID
    clinic_id: UUID
    role: Role
    patient_id: UUID | None
    device: str | None = field(default=None, compare=False)
    session_id: UUID | None = field(default=None, compare=False)  # the sign-in
    lacks_factor: bool = field(default=False, compare=False)  # which the clinic asks of its staff
    proxy: ActsAs | None = None  # of the patient, who is somebody else
    in_teams: bool = field(default=False, compare=False)  # the clinic works so
    at: datetime | None = field(default=None, compare=False)  # of the call
    username: str | None = field(default=None, compare=False, repr=False)
    scopes: frozenset[str] | None = None  # of a machine's key: what it may do, and nothing else

    @property
    def own_record(self) -> UUID | None:
        """The patient who the caller is, not one for whom they act: of that one's record their account is no part."""
        return self.patient_id if self.proxy is None else None


def relation_of(caller: Caller, action: Action) -> Relation:
    """How far the caller reaches for an action.

    Raises:
        Problem: 403 where no rule gives the role this action.
    """
    relation = RULES.get((caller.role, action))
    if relation is None:
        raise _forbidden(caller)
    if caller.proxy is not None and caller.proxy not in PROXIES.get(action, ()):
        raise Problem(403, "Who acts for a patient may not do this.")
    if caller.scopes is not None and action not in caller.scopes:
        raise Problem(403, "The key is not for this.")
    narrow = caller.in_teams and caller.role == "clinician" and relation == "clinic" and action != "break_glass"
    if not narrow:
        return relation
    return "team" if action == "read" else "member"


def _forbidden(caller: Caller) -> Problem:
    article = "An" if caller.role[0] in "aeiou" else "A"
    return Problem(403, f"{article} {caller.role} may not do this.")


def require(caller: Caller, action: Action) -> None:
    """403 where no rule gives the caller's role this action."""
    relation_of(caller, action)


def is_staff(caller: Caller) -> bool:
    """Whether the caller works for the clinic, and is neither a patient nor somebody who acts for one."""
    return RULES.get((caller.role, "read")) in STAFFS


def require_staff(caller: Caller) -> None:
    """403 for somebody who reads no further than their own record."""
    if relation_of(caller, "read") not in STAFFS:
        raise _forbidden(caller)


def in_reach_of_team(caller: Caller, *, clinic_id: IdColumn, patient_id: IdColumn) -> ColumnElement[bool]:
    """The condition that the caller is of a patient's team, or looks from outside it, or that there is no team."""
    return _of_team(
        clinic_id, patient_id, account_id=literal(caller.account_id), now=literal(caller.at, col(CareTeam.since).type)
    )


def _of_team(
    clinic_id: IdColumn, patient_id: IdColumn, *, account_id: ColumnElement[UUID], now: InstantColumn | None
) -> ColumnElement[bool]:
    """Without an instant only members count, and not who looks from outside for a time."""
    theirs = and_(col(CareTeam.clinic_id) == clinic_id, col(CareTeam.patient_id) == patient_id)
    has_team = exists(select(col(CareTeam.id)).where(theirs, col(CareTeam.until).is_(None)))
    holds: ColumnElement[bool] = col(CareTeam.until).is_(None)
    if now is not None:
        holds = or_(holds, col(CareTeam.until) > now)
    is_of_it = exists(select(col(CareTeam.id)).where(theirs, col(CareTeam.account_id) == account_id, holds))
    return or_(~has_team, is_of_it)


def within(relation: Relation, clinic_id: IdColumn, patient_id: IdColumn) -> ColumnElement[bool]:
    """The condition on the columns `clinic_id` and `patient_id` that a query carries; `limits` are its parameters."""
    of_clinic: ColumnElement[bool] = clinic_id == bindparam("caller_clinic")
    if relation == "clinic":
        return of_clinic
    if relation in ("team", "member"):
        who = bindparam("caller_account", type_=Uuid())
        now = bindparam("caller_now", type_=col(CareTeam.since).type) if relation == "team" else None
        return and_(of_clinic, _of_team(clinic_id, patient_id, account_id=who, now=now))
    return and_(of_clinic, patient_id == bindparam("caller_patient"))


def limit_names(relation: Relation) -> tuple[str, ...]:
    """The names of the parameters of `within`."""
    return {
        "clinic": (CLINIC,),
        "team": (CLINIC, "caller_account", "caller_now"),
        "member": (CLINIC, "caller_account"),
    }.get(relation, (CLINIC, "caller_patient"))


def limits(caller: Caller, relation: Relation) -> dict[str, object]:
    """The parameters of `within`: the caller's clinic, and for a relation `own` the caller's patient id."""
    known: dict[str, object] = {
        CLINIC: caller.clinic_id,
        "caller_account": caller.account_id,
        "caller_now": caller.at,
        "caller_patient": caller.patient_id,
    }
    return {name: known[name] for name in limit_names(relation)}


def reach(caller: Caller, action: Action, *, clinic_id: IdColumn, patient_id: IdColumn | None) -> ColumnElement[bool]:
    """The same condition with its parameters filled in; 403 where the role has no such rule.

    Args:
        patient_id: None for rows that belong to no patient; only a relation `clinic` reaches those.
    """
    relation = relation_of(caller, action)
    of_clinic: ColumnElement[bool] = clinic_id == caller.clinic_id
    if relation == "clinic" or (relation in ("team", "member") and patient_id is None):
        return of_clinic
    if patient_id is not None and relation == "team":
        return and_(of_clinic, in_reach_of_team(caller, clinic_id=clinic_id, patient_id=patient_id))
    if patient_id is not None and relation == "member":
        me = literal(caller.account_id)
        return and_(of_clinic, _of_team(clinic_id, patient_id, account_id=me, now=None))
    if caller.patient_id is None:  # who acts for nobody: `= null` would find what belongs to no patient
        return false()
    return false() if patient_id is None else and_(of_clinic, patient_id == caller.patient_id)
