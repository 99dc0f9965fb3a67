"""What the calls share: one way to open the database, to refuse, and to report."""

import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from app.base.store.database import Database


PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="file with a password that the copy is under; none if not given")
]


def new_call(says: str | None = None) -> typer.Typer:
    """The Typer app that a call's function is registered with; `says` is the help of a call with subcommands."""
    return typer.Typer(
        help=says,
        no_args_is_help=says is not None,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


class Refusal(Exception):
    """Something can't be done as asked; the message is one sentence that names the option at fault. Exit code 2."""


@contextmanager
def tidy_when_stopped() -> Iterator[None]:
    """What is asked to stop inside leaves its blocks in order, so that no file of a moment stays."""
    before = {
        one: signal.signal(one, lambda *_: sys.exit(128 + signal.SIGTERM)) for one in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@asynccontextmanager
async def opened(pool_size: int = 2, *, only_read: bool = False) -> AsyncIterator["Database"]:
    """The database of the settings, once it is known to fit the code.

    Args:
        only_read: nothing is noted in it, not even the key that would write.

    Raises:
        SettingError: it can't be reached, is not migrated, is newer than the code, or lacks a key.
    """
    from app.base.logs import configure
    from app.base.settings import get_settings
    from app.base.store.database import Database
    from app.base.store.known_keys import check_keys, know_keys
    from app.base.store.migrate import check

    settings = get_settings()
    configure(settings.log_level)
    await check(settings.url)
    database = Database(settings.url, pool_size=pool_size, key_file=settings.key_file)
    try:
        await (check_keys if only_read else know_keys)(database)
        yield database
    finally:
        await database.close()


def report(says: str) -> None:
    """One line about the run; standard output is for what was asked for."""
    print(says, file=sys.stderr)


def parse_id(option: str, text: str) -> UUID:
    """An id that an option gave.

    Raises:
        Refusal: it is none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise Refusal(f"{option}: {text!r} is no id") from None
