"""The record of the diary: writings go in, revisions are kept, and the current one of each day is worked out.

A revision is never changed. The current one of a day is the one that was written down last (a tie: received last), so
devices that sync in any order come to the same state. Whoever records holds the patient's row, so two writers at once
on one day both leave their revision.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select

from app.base.store.metadata import columns
from app.base.store.prepared import Connection
from app.base.store.statements import upsert
from app.record.diary.entry_json import entry_text
from app.record.diary.tables import DiaryDay, DiaryRevision

revision, day = columns(DiaryRevision), columns(DiaryDay)
INSERT_REVISION = insert(revision)
REVISIONS_BETWEEN = (
    select(
        revision.c.date,
        revision.c.revision,
        revision.c.recorded_at,
        revision.c.received_at,
        revision.c.content,
        revision.c.opioid_mme,
    )
    .where(
        revision.c.clinic_id == bindparam("clinic"),
        revision.c.patient_id == bindparam("patient"),
        revision.c.date.between(bindparam("first"), bindparam("last")),
    )
    .order_by(revision.c.date, revision.c.revision)
)
FASTEST = timedelta(days=1)
Status = Literal["created", "changed", "unchanged", "superseded"]


@dataclass(frozen=True)
class Writing:
    """What somebody wrote about a day; no content says that the day has no entry."""

    date: date
    content: dict[str, Any] | None
    opioid_mme: float | None
    recorded_at: datetime | None
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Kept:
    """A revision as it is kept."""

    revision: int
    recorded_at: datetime
    received_at: datetime
    content: dict[str, Any] | None
    opioid_mme: float | None


@dataclass(frozen=True)
class Outcome:
    """What became of a writing: its status, its revision, and the current one of the day."""

    status: Status
    revision: int
    current: Kept


async def keep(
    connection: Connection, person: Row[Any], account_id: UUID | None, writings: list[Writing], now: datetime
) -> list[Outcome]:
    """Keeps writings in their order; the caller's transaction holds the patient's row.

    A writing that says what the current revision says, or that was received before, adds nothing.
    """
    held = await _held(connection, person, {w.date for w in writings})
    new_rows: list[dict[str, Any]] = []
    changed: set[date] = set()
    outcomes = []
    for w in writings:
        before = held.setdefault(w.date, [])
        current = max(before, key=_order, default=None)
        same = _already_held(before, current, w)
        if same is not None and current is not None:
            superseded = same is not current and w.content != current.content
            outcomes.append(Outcome("superseded" if superseded else "unchanged", same.revision, current))
            continue
        new = Kept(len(before) + 1, w.recorded_at or now, now, w.content, w.opioid_mme)
        before.append(new)
        latest = max(before, key=_order)
        if latest is new:
            changed.add(w.date)
        outcomes.append(Outcome(_status(current, new, latest), new.revision, latest))
        new_rows.append(
            {
                "clinic_id": person.clinic_id,
                "patient_id": person.id,
                "date": w.date,
                "account_id": account_id,
                "ranks_at": ranks_at(new.recorded_at, now),
                "skew_seconds": None if w.sent_at is None else round((now - w.sent_at).total_seconds(), 3),
                **vars(new),
            }
        )
    if new_rows:
        await connection.execute(INSERT_REVISION, new_rows)
    if changed:
        rows = [_day_row(person, d, held[d]) for d in sorted(changed)]
        await connection.execute(upsert(connection, day, "clinic_id", "patient_id", "date"), rows)
    return outcomes


def _day_row(person: Row[Any], on: date, held: list[Kept]) -> dict[str, Any]:
    current = max(held, key=_order)
    return {
        "clinic_id": person.clinic_id,
        "patient_id": person.id,
        "date": on,
        "revisions": len(held),
        "shown": entry_text(on, current, person.time_zone),
        **vars(current),
    }


async def _held(connection: Connection, person: Row[Any], dates: set[date]) -> dict[date, list[Kept]]:
    """All revisions of the days from the first to the last of some, in order."""
    named = {"clinic": person.clinic_id, "patient": person.id, "first": min(dates), "last": max(dates)}
    held: dict[date, list[Kept]] = {}
    for d, *kept in await connection.execute(REVISIONS_BETWEEN, named):
        held.setdefault(d, []).append(Kept(*kept))
    return held


def newest(states: list[dict[str, Any]]) -> dict[str, Any]:
    """The current one of the revisions of a day, each with recorded_at, received_at and revision."""
    return max(states, key=lambda s: (ranks_at(s["recorded_at"], s["received_at"]), s["revision"]))


def ranks_at(recorded_at: datetime, received_at: datetime) -> datetime:
    """The instant by which a writing ranks among those about its day: when it was written down.

    A phone's clock may be somewhat fast, and the order in which devices sync must not matter; but one that is fast by
    over a day must not win over every later writing, so that such a writing ranks by its receipt.
    """
    return recorded_at if recorded_at - received_at <= FASTEST else received_at


def _order(kept: Kept) -> tuple[datetime, int]:
    return ranks_at(kept.recorded_at, kept.received_at), kept.revision


def _already_held(before: list[Kept], current: Kept | None, w: Writing) -> Kept | None:
    """The revision that says the same already: sent again, or nothing new about the day."""
    if w.recorded_at is None:
        return current if current is not None and _says(current, w) else None
    return next((k for k in before if k.recorded_at == w.recorded_at and _says(k, w)), None)


def _says(kept: Kept, w: Writing) -> bool:
    return kept.content == w.content and kept.opioid_mme == w.opioid_mme


def _status(current: Kept | None, new: Kept, latest: Kept) -> Status:
    if latest is not new:
        return "superseded"
    return "created" if current is None or current.content is None else "changed"
