"""The command with faults of every kind in it, each of which holds what a patient has written.

A note `fail KIND ...` makes the entry that it is in fail in that way, one that begins with `break` the sheet; a token
`fail-...` fails as it is looked up. The worker fails in each round, and each delivery does. With a kind in `FAILS` an import
of the command fails so.
"""

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

import app.alerts.messages.webhook as webhook
import app.doors.commands.import_recording as recording
import app.record.diary.service as diaries
import app.record.diary.sheet as sheet
import app.work.worker as worker
from app.access.accounts.sessions import SignIns
from app.base.store import inline_sqlite
from app.base.store.metadata import utc_now
from app.base.store.prepared import Connection, Prepared, rows_of, run_many
from app.doors.commands.main import main
from app.record.diary.door import Incoming, take_in
from app.record.diary.writings import INSERT_REVISION, StoredRevision, revision_row
from app.record.patients.service import Person

SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "SELECT pg_sleep(60)",
)
Fault = Callable[[Connection, Person, Incoming], Awaitable[None]]


async def plain(_c: Connection, person: Person, one: Incoming) -> None:
    """An exception like any other, with a cause, a note and a key of its own."""
    note = one.entry.note if one.entry else ""
    try:
        raise KeyError(f"{person.name} {note}")
    except KeyError as cause:
        error = ValueError(f"{person} has written {note}")
        error.add_note(f"of {person.name}: {note}")
        raise error from cause


async def group(_c: Connection, person: Person, one: Incoming) -> None:
    """Several at once."""
    raise ExceptionGroup(f"{person.name} {one.entry}", [ValueError(person.name), TypeError(f"{one.entry}")])


async def constraint(connection: Connection, person: Person, one: Incoming) -> None:
    """A row that the database does not take: it answers with the row."""
    await _insert(connection, person, one, times=1, complete=False)


async def twice(connection: Connection, person: Person, one: Incoming) -> None:
    """A key that is taken."""
    await _insert(connection, person, one, times=2, complete=True)


async def _insert(connection: Connection, person: Person, one: Incoming, *, times: int, complete: bool) -> None:
    now = utc_now()
    new = StoredRevision(1, now, now, one.writing.content, None)
    values = revision_row(person, one.writing.date, new, account_id=None, skew_seconds=None)
    await run_many(connection, INSERT_REVISION, [values if complete else {**values, "received_at": None}] * times)


async def statement(connection: Connection, _p: Person, _one: Incoming) -> None:
    """A statement that takes too long."""
    slow = SLOW[connection.dialect.name != "sqlite"]
    await rows_of(connection, Prepared(text(slow)), {})


async def serialization(_c: Connection, person: Person, one: Incoming) -> None:
    """Another transaction is in the way, each time."""
    error = asyncpg.SerializationError(f"{person.name} {one.entry}")
    raise DBAPIError(f"UPDATE {person.name}", {"note": f"{one.entry}"}, error)


async def operational(_c: Connection, person: Person, one: Incoming) -> None:
    """The database refuses a statement, whose text and parameters say something."""
    inner = sqlite3.OperationalError(f"no such column: {person.name}")
    raise OperationalError(f"SELECT '{person.name}'", {"note": f"{one.entry}"}, inner)


async def disk(_c: Connection, person: Person, _one: Incoming) -> None:
    """The disk is full, and the file has a name."""
    raise OSError(errno.ENOSPC, "No space left on device", f"/data/{person.name}")


async def thread(_c: Connection, person: Person, one: Incoming) -> None:
    """A thread and a task of nobody fail; then the call itself."""

    def fails() -> None:
        raise ValueError(f"{person.name} {one.entry}")

    started = threading.Thread(target=fails, name=person.name)
    started.start()
    started.join()
    raise ValueError(person.name)


FAULTS: dict[str, Fault] = {
    one.__name__: one for one in (plain, group, constraint, twice, statement, serialization, operational, disk, thread)
}


async def failing_take_in(connection: Connection, by: Any, **named: Any) -> Any:  # as `take_in`
    """Fails as the first note says."""
    entries: Sequence[Incoming] = named["entries"]
    note = (entries[0].entry.note if entries and entries[0].entry else None) or ""
    if note.startswith("fail "):
        await FAULTS[note.split()[1]](connection, named["person"], entries[0])
    return await take_in(connection, by, **named)


_who = SignIns.who


async def failing_who(self: SignIns, token: str, now: Any, **named: Any) -> Any:  # as `who`
    """A dependency that fails with what it was given."""
    if token.startswith("fail-"):
        raise RuntimeError(f"can't look {token} up")
    return await _who(self, token, now, **named)


_lines = sheet.lines


def failing_lines(on: Any, content: Any, **named: Any) -> str:  # as `lines`
    """Fails when the answer has begun already."""
    if str(content.get("note", "")).startswith("break "):
        raise RuntimeError(f"{content}")
    return _lines(on, content, **named)


async def failing_sweep(database: Any, *_: Any, **__: Any) -> AsyncIterator[Any]:  # as `sweep`
    """Verdicts that fail, with the name and the note of whoever is in the database; and a task that nobody waits for."""
    async with database.read() as connection:
        told = (await connection.execute(text("SELECT name FROM patient"))).all()

    async def forgotten() -> None:
        raise ValueError(f"{told}")

    asyncio.create_task(forgotten()).add_done_callback(lambda _task: None)  # nobody keeps it
    await asyncio.sleep(0)
    raise RuntimeError(f"the verdict of {told}")
    yield


async def failing_send(target: Any, told: Any, *, delivery_id: UUID, **_: Any) -> None:  # as `webhook.send`
    """A delivery that fails with what it was to deliver."""
    raise RuntimeError(f"{target} {told} {delivery_id}")


async def failing_record(_database: Any, person: Person, *, entries: list[Incoming], **_: Any) -> Any:  # as `record`
    """A call of the command that fails with what is in the file."""
    kind = os.environ["FAILS"]
    if kind == "ExceptionGroup":
        raise ExceptionGroup(person.name, [ValueError(f"{entries}")])
    if kind == "OperationalError":
        raise OperationalError(f"SELECT '{person.name}'", {"note": f"{entries}"}, Exception(person.name))
    raise ValueError(f"{person} {entries}")


def failing() -> None:
    """The command with the faults in it; for a process of its own."""
    inline_sqlite.STEP_SECONDS = 0.5
    vars(diaries)["take_in"] = failing_take_in
    vars(sheet)["lines"] = failing_lines
    vars(worker)["sweep"] = failing_sweep
    vars(webhook)["send"] = failing_send
    SignIns.who = failing_who  # type: ignore[method-assign]  # the dependency that fails is put in its place
    if "FAILS" in os.environ:
        vars(recording)["record"] = failing_record
    main()
