"""A PgBouncer in transaction mode before the tests' PostgreSQL."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
SETTINGS = """[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {servers}
ignore_startup_parameters = extra_float_digits
"""


@contextmanager
def pooled(url: str, folder: Path, servers: int) -> Iterator[str]:
    """The URL of a database through a pooler that has so many connections to the server."""
    to = make_url(url)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        listen = free.getsockname()[1]
    told = folder / "pgbouncer.ini"
    host, port = to.query.get("host") or to.host or "127.0.0.1", to.port or 5432
    told.write_text(SETTINGS.format(host=host, port=port, user=to.username, listen=listen, servers=servers))
    as_owner = []
    if os.geteuid() == 0:  # it refuses to run as root: as whom the server does, whose socket is closed to others
        as_owner = ["-u", Path(str(host)).owner()]
        told.chmod(0o644)
    assert PGBOUNCER is not None
    with (folder / "pgbouncer.log").open("w") as log:
        process = subprocess.Popen([PGBOUNCER, *as_owner, str(told)], stdout=log, stderr=log)
    try:
        until = time.monotonic() + 20
        while not _listens(listen):
            assert process.poll() is None and time.monotonic() < until, (folder / "pgbouncer.log").read_text()
            time.sleep(0.05)
        through = to.set(host="127.0.0.1", port=listen, query={"pooled": "true"})
        yield through.render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with closing(socket.socket()) as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
