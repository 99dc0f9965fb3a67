"""Running the app under Uvicorn: in this process, or in several that share one port and one answer of metrics."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryDirectory

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import make_url
from uvicorn.supervisors import Multiprocess

from app.answers.pictures.render import warm_up
from app.base.logs import configure
from app.base.settings import SettingError, Settings, get_settings
from app.base.store.database import Database
from app.base.store.known_keys import know_keys
from app.base.store.migrate import check, upgrade
from app.doors.api import create_app
from app.doors.metrics import METRICS_FOLDER
from app.doors.protocol import LimitedProtocol

log = structlog.get_logger()


READY_WITHIN = 60  # seconds in which a process must answer that it lives: chosen, a busy one may take some


def serve(migrate_first: bool, processes: int = 1) -> int:
    """Serves by the settings until it is told to stop; the database must fit the code.

    Raises:
        SettingError: a setting, the database or the port is not as it must be.
    """
    settings = get_settings()
    configure(settings.log_level)
    if processes > 1 and make_url(settings.url).get_backend_name() == "sqlite":
        raise SettingError(
            "--workers: one process writes an SQLite file, and others would wait for it; take PostgreSQL for several"
        )
    if migrate_first:
        upgrade(settings.url)
    asyncio.run(_fits(settings))
    if processes > 1:
        return run_several(settings.host, settings.port, processes)
    app = create_app(settings, tuned=True)
    return run(app, settings.host, port=settings.port, when_ready=lambda url: log.info("serving", url=url))


async def _fits(settings: Settings) -> None:
    """Makes sure of the database and its keys before the port is taken."""
    await check(settings.url)
    database = Database(settings.url, 1, key_file=settings.key_file)
    try:
        await know_keys(database)
    finally:
        await database.close()


def run(app: FastAPI, host: str, *, port: int, when_ready: Callable[[str], None]) -> int:
    """Serves an app on a port (0 takes a free one) and says its address when it can answer; Ctrl-C ends it with 0."""
    listener = _listen(host, port)
    warm_up()
    url = _address(host, listener)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                when_ready(url)

    server = Server(_config(app))
    with suppress(KeyboardInterrupt):  # Uvicorn has shut down in order by then, and hands the signal on
        server.run(sockets=[listener])
    return 0 if server.started else 1


def run_several(host: str, port: int, processes: int) -> int:
    """Serves in several processes that share a port; one that dies is begun anew, and a signal ends all in order."""
    listener = _listen(host, port)
    with TemporaryDirectory(prefix="reprieve-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        log.info("serving", url=_address(host, listener), processes=processes)
        Multiprocess(_config(f"{__name__}:served_app", processes), [listener]).run()
    return 0


def served_app() -> FastAPI:
    """The app of one of several processes, by the settings."""
    settings = get_settings()
    configure(settings.log_level)
    warm_up()
    return create_app(settings, tuned=True)


def _config(app: FastAPI | str, processes: int = 1) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=processes,
        http=LimitedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=READY_WITHIN,
    )


def _address(host: str, listener: socket.socket) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # a comparison, not a binding
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}"


def check_port(host: str, port: int) -> None:
    """Tries a port before the work whose result it is to serve.

    Raises:
        SettingError: somebody else listens there.
    """
    _listen(host, port).close()


def free_port(host: str) -> int:
    """A port that nobody listens on in this moment."""
    with _listen(host, 0) as listener:
        return int(listener.getsockname()[1])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingError(f"can't listen on {host}:{port}: {error.strerror or error}") from None
    return listener
