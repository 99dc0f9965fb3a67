"""Stores the revisions of the diary, and works out the current one of each day.

A revision is never changed. The current one of a day is the one that was written down last (a tie: received last), so
devices that sync in any order come to the same state. Every writer locks the patient's row, so two writers at once
on one day both add their revision.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, select

from app.base.store.long_results import by_turns
from app.base.store.prepared import Connection, prepared_by_dialect, prepared_insert, prepared_select, rows_of, run_many
from app.base.store.statements import upsert_for
from app.base.store.typed import col, row, table
from app.record.diary.content import EntryContent
from app.record.diary.entry_json import entry_text
from app.record.diary.merging import merged
from app.record.diary.tables import DiaryDay, DiaryRevision
from app.record.patients.service import Person

revision, day = table(DiaryRevision), table(DiaryDay)
INSERT_REVISION = prepared_insert(revision)
UPSERT_DAY = prepared_by_dialect(upsert_for(day, "clinic_id", "patient_id", "date"), day)
REVISIONS_BETWEEN = prepared_select(
    select(
        col(DiaryRevision.date),
        col(DiaryRevision.revision),
        col(DiaryRevision.recorded_at),
        col(DiaryRevision.received_at),
        col(DiaryRevision.content),
        col(DiaryRevision.opioid_mme),
    )
    .where(
        col(DiaryRevision.clinic_id) == bindparam("clinic"),
        col(DiaryRevision.patient_id) == bindparam("patient"),
        col(DiaryRevision.date).between(bindparam("first"), bindparam("last")),
    )
    .order_by(col(DiaryRevision.date), col(DiaryRevision.revision)),
    "clinic",
    "patient",
    "first",
    "last",
)
FASTEST = timedelta(days=1)
Status = Literal["created", "changed", "unchanged", "superseded"]


@dataclass(frozen=True)
class Writing:
    """An entry to record for a day; content None deletes the day's entry."""

    date: date
    content: EntryContent | None
    opioid_mme: float | None
    recorded_at: datetime | None
    sent_at: datetime | None = None
    received_at: datetime | None = None  # of one that another clinic had received
    skew_seconds: float | None = None
    based_on: int | None = None  # the revision that the patient changed; 0 where there was none, None replaces the day


@dataclass(frozen=True)
class StoredRevision:
    """A stored revision of a day."""

    revision: int
    recorded_at: datetime
    received_at: datetime
    content: EntryContent | None
    opioid_mme: float | None


@dataclass(frozen=True)
class Recorded:
    """The result of recording a writing: its status, its own revision, and the day's current one, which may be merged."""

    status: Status
    revision: int
    current: StoredRevision


async def keep(
    connection: Connection, person: Person, *, account_id: UUID | None, writings: list[Writing], now: datetime
) -> list[Recorded]:
    """Stores writings in their order; the caller's transaction holds the patient's row.

    A writing that says what the current revision says, or that was received before, adds nothing.
    """
    held = await _held(connection, person, {w.date for w in writings})
    new_rows: list[dict[str, object]] = []
    changed: set[date] = set()
    results = []
    async for w in by_turns(writings):
        before = held.setdefault(w.date, [])
        current = max(before, key=_order, default=None)
        same = _already_held(before, current, w)
        if same is not None and current is not None:
            superseded = same is not current and w.content != current.content
            results.append(Recorded("superseded" if superseded else "unchanged", same.revision, current))
            continue
        # a clock that was set back must not put a later writing behind the ones before it
        received = w.received_at or max([now, *(one.received_at for one in before)])
        # one that does not say when was written now: after what is held, also after what a fast clock has sent
        written = w.recorded_at or max([received, *(ranks_at(one.recorded_at, one.received_at) for one in before)])
        new = StoredRevision(len(before) + 1, written, received, w.content, w.opioid_mme)
        whole = None if w.based_on is None else _merged(before, current, new, based_on=w.based_on)
        added = [new] if whole is None else [new, whole]
        before += added
        latest = max(before, key=_order)
        changed.add(w.date)  # also where an earlier one stays current: the day counts all of them
        results.append(Recorded(_status(current, added[-1], latest), new.revision, latest))
        skew = w.skew_seconds if w.sent_at is None else round((now - w.sent_at).total_seconds(), 3)
        new_rows += [revision_row(person, w.date, one, account_id=account_id, skew_seconds=skew) for one in added]
    if new_rows:
        await run_many(connection, INSERT_REVISION, new_rows)
    if changed:
        rows = [day_row(person, d, held[d]) async for d in by_turns(sorted(changed))]
        await run_many(connection, UPSERT_DAY, rows)
    return results


async def current_of(connection: Connection, person: Person, on: date) -> StoredRevision | None:
    """The current revision of a day; None where the day has none."""
    return max((await _held(connection, person, {on})).get(on, []), key=_order, default=None)


def revision_row(
    person: Person, on: date, one: StoredRevision, *, account_id: UUID | None, skew_seconds: float | None
) -> dict[str, object]:
    """A revision as its row."""
    return row(
        DiaryRevision,
        clinic_id=person.clinic_id,
        patient_id=person.id,
        date=on,
        revision=one.revision,
        recorded_at=one.recorded_at,
        received_at=one.received_at,
        ranks_at=ranks_at(one.recorded_at, one.received_at),
        account_id=account_id,
        skew_seconds=skew_seconds,
        content=one.content,
        opioid_mme=one.opioid_mme,
    )


def day_row(person: Person, on: date, held: list[StoredRevision]) -> dict[str, object]:
    """The row of a day: its current revision, and the entry as it goes over the wire."""
    current = max(held, key=_order)
    return row(
        DiaryDay,
        clinic_id=person.clinic_id,
        patient_id=person.id,
        date=on,
        revision=current.revision,
        revisions=len(held),
        recorded_at=current.recorded_at,
        received_at=current.received_at,
        content=current.content,
        opioid_mme=current.opioid_mme,
        shown=entry_text(on, current, person.time_zone),
    )


async def _held(connection: Connection, person: Person, dates: set[date]) -> dict[date, list[StoredRevision]]:
    """All revisions of the days from the first to the last of some, in order."""
    named = {"clinic": person.clinic_id, "patient": person.id, "first": min(dates), "last": max(dates)}
    held: dict[date, list[StoredRevision]] = {}
    for on, number, recorded_at, received_at, content, opioid_mme in await rows_of(
        connection, REVISIONS_BETWEEN, named
    ):
        held.setdefault(on, []).append(StoredRevision(number, recorded_at, received_at, content, opioid_mme))
    return held


def ranks_at(recorded_at: datetime, received_at: datetime) -> datetime:
    """The instant by which a revision ranks among those about its day: when it was written down.

    A phone's clock may be somewhat fast, and the order in which devices sync must not matter; but one that is fast by
    over a day must not win over every later writing, so that such a writing ranks by its receipt.
    """
    return recorded_at if recorded_at - received_at <= FASTEST else received_at


def _order(kept: StoredRevision) -> tuple[datetime, int]:
    return ranks_at(kept.recorded_at, kept.received_at), kept.revision


def _merged(
    before: list[StoredRevision], current: StoredRevision | None, new: StoredRevision, *, based_on: int
) -> StoredRevision | None:
    """The day of a writing that began from an earlier revision than the current one; None where it is the writing itself.

    It is a revision of its own after that writing, which is kept as it came; it ranks with the later of the two.
    """
    if new.content is None:
        return None
    base = next((one.content for one in before if one.revision == based_on), None)
    is_later = current is None or ranks_at(new.recorded_at, new.received_at) >= _order(current)[0]
    held = None if current is None else current.content
    content = merged(base, held, new.content, new_is_later=is_later)
    if content == (new.content if is_later else held):
        return None
    written = new.recorded_at if current is None or is_later else current.recorded_at
    return StoredRevision(new.revision + 1, written, new.received_at, content, _mme_of(content, [new, current]))


def _mme_of(content: EntryContent | None, sides: list[StoredRevision | None]) -> float | None:
    """The MME of a merged day: that of the side whose medications it has."""
    taken = None if content is None else content.get("medications")
    for one in sides:
        if (
            taken is not None
            and one is not None
            and one.content is not None
            and one.content.get("medications") == taken
        ):
            return one.opioid_mme
    return None


def _already_held(before: list[StoredRevision], current: StoredRevision | None, w: Writing) -> StoredRevision | None:
    """The stored revision that says the same: the writing was sent again, or says nothing new about the day."""
    if w.recorded_at is None:
        return current if current is not None and _says(current, w) else None
    return next((k for k in before if k.recorded_at == w.recorded_at and _says(k, w)), None)


def _says(kept: StoredRevision, w: Writing) -> bool:
    return kept.content == w.content and kept.opioid_mme == w.opioid_mme


def _status(current: StoredRevision | None, new: StoredRevision, latest: StoredRevision) -> Status:
    if latest is not new:
        return "superseded"
    return "created" if current is None or current.content is None else "changed"
