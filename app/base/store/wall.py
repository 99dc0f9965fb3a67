"""The second wall between clinics: PostgreSQL shows a request only the rows of its own clinic, whatever a query asks for.

Each query filters by clinic; behind that stands row-level security. Whoever has signed in is held to the clinic of their
account for the rest of the request (`hold_to`); what serves no one clinic, such as the worker, signing in and commands, sees
all. A superuser and the owner of a table are bound by no policy, so connections take on a role that owns nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import structlog
from asyncpg.exceptions import InsufficientPrivilegeError, InvalidParameterValueError, UndefinedObjectError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

ROLE = "reprieve_app"
SETTING = "reprieve.clinic"  # of a connection: the clinic whose rows it sees
ALL, KEPT = "*", ""  # every clinic; what the connection saw before
POLICY = "one_clinic"
SEEN = (
    f"(SELECT current_setting('{SETTING}', true)) = '{ALL}' OR "
    f"{{column}} = (SELECT nullif(nullif(current_setting('{SETTING}', true), '{ALL}'), '')::uuid)"
)
TRIES = 5  # to make the role beside others that make it
WRITTEN_TOGETHER = {
    "audit_event"
}  # rows of several clinics go in with one statement; they are read one clinic at a time
log = structlog.get_logger()
_held: ContextVar[str] = ContextVar("held", default=ALL)


def _no_wall() -> None:
    log.warning("no second wall between clinics", role=ROLE, do="run `reprieve migrate` as a user that may make it")


def hold_to(clinic_id: UUID) -> None:
    """From here to the end of the request the database shows this clinic's rows and no others."""
    _held.set(str(clinic_id))


@contextmanager
def own_reach() -> Iterator[None]:
    """What runs inside begins with the reach of the service, and leaves nothing of its own behind."""
    token = _held.set(ALL)
    try:
        yield
    finally:
        _held.reset(token)


async def beyond(connection: AsyncConnection) -> None:
    """To the end of its transaction a connection sees every clinic: for what is unique over all of them."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SELECT set_config('{SETTING}', '{ALL}', true)"))


async def take_role(raw: Any) -> None:  # an asyncpg connection, which has no public type here
    """Gives up what a policy would not bind; where there is no such role, the filters stand alone."""
    try:
        await raw.execute(f"SET ROLE {ROLE}")
    except (UndefinedObjectError, InvalidParameterValueError, InsufficientPrivilegeError):
        _no_wall()


async def may_take_role(raw: Any) -> bool:  # as above
    """Whether there is the role, and this user may take it on; where not, the filters stand alone."""
    try:
        async with raw.transaction():
            await raw.execute(f"SET LOCAL ROLE {ROLE}")
    except (UndefinedObjectError, InvalidParameterValueError, InsufficientPrivilegeError):
        _no_wall()
        return False
    return True


def held() -> str:
    """The clinic, or every one, that is to be seen now."""
    return _held.get() or ALL


@contextmanager
def as_it_is() -> Iterator[None]:
    """What runs inside takes a connection with the reach it has: for what needs none, or asks again if it found nothing."""
    token = _held.set(KEPT)
    try:
        yield
    finally:
        _held.reset(token)


def show_held(dbapi_connection: Any, info: dict[str, Any]) -> None:  # of the driver, and what its pool keeps beside it
    """Sets what a connection that is taken from the pool may see, where that is not what it saw before."""
    if _held.get() == KEPT and SETTING in info:
        return
    wanted = held()
    if info.get(SETTING) != wanted:
        info.pop(SETTING, None)
        dbapi_connection.run_async(lambda raw: raw.execute(f"SET {SETTING} = '{wanted}'"))
        info[SETTING] = wanted


def build(connection: Connection) -> None:
    """Makes the role and, for each table that holds rows of a clinic, the policy; what is there already stays."""
    if not _has_role(connection):
        return
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {ROLE}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}"))
    already = text("SELECT tablename FROM pg_policies WHERE policyname = :p")
    made = set(connection.execute(already, {"p": POLICY}).scalars())
    of_clinics = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND (column_name = 'clinic_id' OR (table_name = 'clinic' AND column_name = 'id'))"
    )
    for name, column in connection.execute(text(of_clinics)).all():
        if name in made:
            continue
        connection.execute(text(f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY'))
        seen = SEEN.format(column=column)
        written = "true" if name in WRITTEN_TOGETHER else seen
        connection.execute(text(f'CREATE POLICY {POLICY} ON "{name}" USING ({seen}) WITH CHECK ({written})'))


def _has_role(connection: Connection) -> bool:
    """Whether the role is there, or could be made, and this user may take it on.

    Roles are the server's, not the database's: another process may make the same one for another database just now.
    """
    refused: DBAPIError | None = None
    for _ in range(TRIES):
        try:
            with connection.begin_nested():
                _make_role(connection)
        except DBAPIError as error:
            refused = error
            if isinstance(error.orig, Exception) and "permission denied" in str(error.orig):
                break
        else:
            return True
    kind = None if refused is None else type(refused.orig).__name__
    log.warning("no second wall between clinics", role=ROLE, error=kind)
    return False


def _make_role(connection: Connection) -> None:
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": ROLE}).first() is None:
        connection.execute(text(f"CREATE ROLE {ROLE} NOLOGIN"))
    may = text("SELECT pg_has_role(current_user, :r, 'MEMBER')")
    if not connection.execute(may, {"r": ROLE}).scalar_one():
        connection.execute(text(f"GRANT {ROLE} TO CURRENT_USER"))
