"""The one way by which entries come in: by phone, in a batch, in a file, in a record of another clinic.

Whatever comes in is checked by `check_day`, kept by `take_in`, and raises the same flags and leaves the same event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.alerts.flags.service import Cause, raise_flags, rules_of
from app.base.http.problems import bad_field
from app.base.store.prepared import Connection
from app.record.diary.schemas import EntryIn
from app.record.diary.writings import Recorded, Writing, keep
from app.record.patients import service as patients
from app.record.patients.service import Person
from app.rules.danger_words import danger_words
from app.rules.medications import Dose, opioid_mme
from app.rules.parameters import RED_FLAG_RECENT
from app.rules.red_flags import RedFlagRule, red_flags
from app.rules.words import Severity


@dataclass(frozen=True)
class Incoming:
    """An entry that comes in (None deletes the day's), and how it is recorded."""

    entry: EntryIn | None
    writing: Writing


@dataclass(frozen=True)
class TakenIn:
    """What became of each entry, the advice for each, and how many flags were raised."""

    outcomes: list[Recorded]
    advice: list[str | None]
    flags: int


def incoming(on: date, entry: EntryIn, mme: float | None = None) -> Incoming:
    """An entry as it is recorded, with the MME of its medication, or the one given where that does not tell it."""
    medications = entry.medications
    taken = None if medications is None else [Dose(m.code, m.dose, m.unit, m.times, m.name) for m in medications]
    own = opioid_mme(taken)
    return Incoming(entry, Writing(on, entry.content(), mme if own is None else own, entry.recorded_at, entry.sent_at))


async def take_in(
    connection: Connection,
    by: Caller | None,
    *,
    author: UUID | None,
    person: Person,
    entries: Sequence[Incoming],
    now: datetime,
    action: audit.AuditAction = "change",
) -> TakenIn:
    """Keeps what comes in, raises its red flags and leaves an event; the transaction holds the patient's row.

    Args:
        by: who sends it; None is an operator at the command line.
        author: the account that wrote it; None where that is not known here.
        entries: each has passed `check_day`.
    """
    if not entries:
        return TakenIn([], [], 0)
    outcomes = await keep(connection, person, account_id=author, writings=[one.writing for one in entries], now=now)
    if any(one.status in ("created", "changed") for one in outcomes):
        await patients.touch(connection, person.clinic_id, person.id)
    told = [(one.writing.date, one.entry) for one in entries if one.entry is not None]
    added = await rules_of(connection, person.clinic_id) if any(entry.side_effects for _, entry in told) else []
    today = patients.today_of(person.time_zone, now)
    found = [cause for on, entry in told for cause in causes(on, entry, added, today=today)]
    flags = await raise_flags(connection, person.clinic_id, patient_id=person.id, causes=found, now=now)
    if by is None:
        await audit.record_of_command(
            connection, action, "diary", clinic_id=person.clinic_id, patient_id=person.id, now=now
        )
    else:
        await audit.record(connection, by, action=action, resource="diary", patient_id=person.id, now=now)
    return TakenIn(outcomes, [None if one.entry is None else advice(one.entry, added) for one in entries], flags)


def check_day(on: date, recorded_at: datetime | None, *, person: Person, now: datetime, where: str = "path") -> None:
    """Refuses (422) a day in the patient's future or before birth, and an entry written down before its day."""
    if on > patients.today_of(person.time_zone, now):
        raise bad_field("/date", "lies in the patient's future", where=where)
    if on < person.born_on:
        raise bad_field("/date", "lies before the patient's birth", where=where)
    if recorded_at is not None and recorded_at.astimezone(ZoneInfo(person.time_zone)).date() < on:
        raise bad_field("/recorded_at", "lies before the day that the entry is about")


def advice(entry: EntryIn, added: list[RedFlagRule]) -> str | None:
    """What to tell the patient at once, where a side effect is a red flag; `added` are the clinic's own rules."""
    met = red_flags(((effect.kind, effect.severity) for effect in entry.side_effects or []), added)
    return " ".join(rule.advice for rule in met) or None


def causes(on: date, entry: EntryIn, added: list[RedFlagRule], *, today: date) -> list[Cause]:
    """Flags to raise for an entry: its red flags, and one of lower urgency for each danger sign in its note.

    Of a day that is long past somebody is asked to read it, once a month and sign, by whatever way it came in.
    """
    met = red_flags(((effect.kind, effect.severity) for effect in entry.side_effects or []), added)
    signs: list[tuple[str, Severity, str]] = [(rule.name, "now", f"{_said(rule)} reported") for rule in met]
    signs += [
        (f"note {name}", "soon", f"the note may mention: {name.replace('_', ' ')}; read it")
        for name in danger_words(entry.note)
    ]
    if today - on <= RED_FLAG_RECENT:
        return [Cause("red_flag", f"{name} {on}", severity, says, on) for name, severity, says in signs]
    return [
        Cause("red_flag", f"{name} in {on:%Y-%m}", "later", f"read this: {says} on {on}", on, unless=f"{name} {on}")
        for name, _, says in signs
    ]


def _said(rule: RedFlagRule) -> str:
    return (rule.kind if rule.name.startswith("clinic rule") else rule.name).replace("_", " ")
