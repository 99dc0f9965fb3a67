"""The one way by which entries come in: by phone, in a batch, in a file, in a record of another clinic.

Whatever comes in is checked by `check_day`, kept by `take_in`, and raises the same flags and leaves the same event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.access.audit.schemas import AuditAction
from app.alerts.flags.service import raise_flags
from app.base.http.problems import bad_field
from app.base.store.long_results import by_turns
from app.base.store.prepared import Connection
from app.record.diary.danger import EntryWithSigns, look
from app.record.diary.schemas import EntryIn
from app.record.diary.writings import Recorded, Writing, keep
from app.record.patients import service as patients
from app.record.patients.service import Person
from app.rules.medications import Dose, opioid_mme
from app.rules.red_words import UNREAD, read_note, said

WEST, EAST = timedelta(hours=-12), timedelta(hours=14)  # the offsets of the ends of the calendar
MOST_READ = 600_000  # characters of notes that are read in one call: ten years of them, in a second or two
MOST_TRIED = 150_000  # phrases tried in them: ten years of short notes that each deny something need half of it


@dataclass(frozen=True)
class Incoming:
    """An entry that comes in (None deletes the day's), how it is recorded, and the signs that its note speaks of."""

    entry: EntryIn | None
    writing: Writing
    spoken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EntriesTaken:
    """What became of each entry, the advice for each, and how many flags were raised."""

    outcomes: list[Recorded]
    advice: list[str | None]
    flags: int


def incoming(on: date, entry: EntryIn, mme: float | None = None, *, spoken: frozenset[str] | None = None) -> Incoming:
    """An entry as it is recorded, with the MME of its medication, or the one given where that does not tell it.

    It reads the note where `spoken` does not say what it speaks of: off the loop, with `spoken_of`, where there may be many.
    """
    medications = entry.medications
    taken = None if medications is None else [Dose(m.code, m.dose, m.unit, m.times, m.name) for m in medications]
    own = opioid_mme(taken)
    kept = Writing(
        on,
        entry.content(),
        mme if own is None else own,
        entry.recorded_at,
        entry.sent_at,
        based_on=entry.based_on,
    )
    return Incoming(entry, kept, said(entry.notes()) if spoken is None else spoken)


def spoken_of(notes: Sequence[tuple[date, str | None]]) -> list[frozenset[str]]:
    """The signs that each note of a day speaks of, the newest read first; a person reads what is past either limit."""
    found: dict[str, frozenset[str]] = {}
    read = tried = 0
    for _, note in sorted(notes, key=lambda one: one[0], reverse=True):
        if note and note not in found:
            read += len(note)
            found[note], more = read_note(note) if read <= MOST_READ and tried <= MOST_TRIED else (UNREAD, 0)
            tried += more
    return [found.get(note or "", frozenset()) for _, note in notes]


async def take_in(
    connection: Connection,
    by: Caller | None,
    *,
    author: UUID | None,
    person: Person,
    entries: Sequence[Incoming],
    now: datetime,
    action: AuditAction = "change",
    why: str | None = None,
) -> EntriesTaken:
    """Keeps what comes in, raises its red flags and leaves an event; the transaction holds the patient's row.

    Args:
        by: who sends it; None is an operator at the command line.
        author: the account that wrote it; None where that is not known here.
        entries: each has passed `check_day`.
        why: the reason that somebody gave, for the audit.
    """
    if not entries:
        return EntriesTaken([], [], 0)
    outcomes = await keep(connection, person, account_id=author, writings=[one.writing for one in entries], now=now)
    if any(one.status in ("created", "changed") for one in outcomes):
        await patients.touch(connection, person.clinic_id, person.id, now=now)
    told = [
        EntryWithSigns(one.writing.date, one.entry, one.spoken)
        async for one in by_turns(entries)
        if one.entry is not None
    ]
    seen = await look(connection, person, told=told, today=patients.today_of(person.time_zone, now))
    causes = [cause for one in seen for cause in one.causes]
    flags = await raise_flags(connection, person.clinic_id, patient_id=person.id, causes=causes, now=now)
    if by is None:
        await audit.record_of_command(
            connection, action, "diary", clinic_id=person.clinic_id, patient_id=person.id, now=now, why=why
        )
    else:
        await audit.record(connection, by, action=action, resource="diary", patient_id=person.id, now=now, why=why)
    advice = iter([one.advice for one in seen])
    return EntriesTaken(outcomes, [None if one.entry is None else next(advice) for one in entries], flags)


def check_entry(on: date, entry: EntryIn, *, person: Person, now: datetime, where: str = "path") -> None:
    """Refuses (422) a day that is not the patient's yet, or not any more, and moments of another day."""
    check_day(on, entry.recorded_at, person=person, now=now, where=where)
    check_moments(on, entry)


def check_day(
    on: date,
    recorded_at: datetime | None,
    *,
    person: Person,
    now: datetime,
    where: str = "path",
    kept_elsewhere: bool = False,
) -> None:
    """Refuses (422) a day that lies ahead or before birth, and an entry written down before its day.

    People travel: a day has begun where it has begun in the patient's zone, or where the phone was that wrote it down.

    Args:
        kept_elsewhere: another clinic took the entry in; where the phone was is not known any more.
    """
    zones: list[tzinfo] = [ZoneInfo(person.time_zone)]
    if kept_elsewhere:
        zones.append(timezone(EAST))
    elif recorded_at is not None:
        zones.append(_on_earth(recorded_at))
    if on > max(now.astimezone(zone).date() for zone in zones):
        raise bad_field("/date", "lies in the patient's future", where=where)
    if on < person.born_on:
        raise bad_field("/date", "lies before the patient's birth", where=where)
    if recorded_at is not None and max(recorded_at.astimezone(zone).date() for zone in zones) < on:
        raise bad_field("/recorded_at", "lies before the day that the entry is about")


def check_moments(on: date, entry: EntryIn) -> None:
    """Refuses (422) a moment of another day than the entry, by the clock of the place where it was noted."""
    for place, moment in enumerate(entry.moments or ()):
        if moment.at.date() != on:
            raise bad_field(f"/moments/{place}/at", "is of another day than the entry")


def _on_earth(at: datetime) -> tzinfo:
    """The offset of an instant, within those that places have."""
    offset = at.utcoffset() or timedelta(0)
    return timezone(min(max(offset, WEST), EAST))
