"""A server of several processes: one port, one answer of metrics, and no request lost when one dies or all are stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.aside import aside
from tests.commands import environment, reprieve, wait_until_it_answers
from tests.conftest import empty
from tests.doors.commands.test_serve_command import free_port

pytestmark = pytest.mark.unmeasured
PROCESSES = 2


def children(process: subprocess.Popen[str]) -> set[int]:
    """The processes that answer: those beside what the library of processes keeps for itself."""
    found = set()
    for one in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((one / "stat").read_text().rpartition(")")[2].split()[1])
            words = (one / "cmdline").read_text()
        except (OSError, ValueError):
            continue
        if parent == process.pid and "spawn_main" in words:
            found.add(int(one.name))
    return found


def counted(url: str) -> float:
    """The requests for `/healthz` that the metrics tell of."""
    text = httpx.get(f"{url}/metrics").text
    return sum(
        float(n) for n in re.findall(r'reprieve_request_seconds_count\{[^}]*route="/healthz"[^}]*\} (\S+)', text)
    )


def until(what: str, seconds: float, is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, what
        time.sleep(0.2)


def test_sqlite_is_refused_with_the_reason(migrated_sqlite: Path) -> None:
    done = reprieve("serve", "--workers", "2", url=f"sqlite:///{migrated_sqlite}")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "one process writes an SQLite file" in done.stderr


@pytest.fixture
def served(migrated_postgresql: str) -> Iterator[str]:
    """The database of this process, empty again afterwards: what was tried at signing in would stand in others' way."""
    yield migrated_postgresql
    aside(lambda: empty(migrated_postgresql))


def test_several_share_a_port_and_their_metrics_add_up(served: str) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "app", "serve", "--workers", str(PROCESSES)]
    environ = environment(served, REPRIEVE_PORT=str(port))
    with (
        subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        ) as process,
        killed_at_end(process),
    ):
        wait_until_it_answers(process, url)
        until("all answer", 60, lambda: len(children(process)) == PROCESSES)
        before = counted(url)
        for _ in range(60):
            assert httpx.get(f"{url}/healthz").status_code == 200
        assert counted(url) - before == 60, "whichever process is asked"
        assert httpx.get(f"{url}/metrics").text.count("\nreprieve_stale_verdicts ") == 1
        first, *_ = before_kill = children(process)
        os.kill(first, signal.SIGKILL)
        until("another takes its place", 90, lambda: len(children(process) - {first}) == PROCESSES)
        assert children(process) != before_kill
        assert httpx.get(f"{url}/readyz").status_code == 200
        stop_amid_requests(process, url)


@contextmanager
def killed_at_end(process: subprocess.Popen[str]) -> Iterator[None]:
    """With its processes, where a test has failed."""
    try:
        yield
    finally:
        if process.poll() is None:
            for one in (process.pid, *children(process)):
                os.kill(one, signal.SIGKILL)


def stop_amid_requests(process: subprocess.Popen[str], url: str) -> None:
    """Stops the server while a request is half in; what it took in it answers, and then it is gone within seconds."""
    body = b"username=nobody&password=nothing"
    head = (
        f"POST /v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20)) as line:
        line.sendall(head.encode() + body[:10])
        time.sleep(0.5)  # until a process has it
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        time.sleep(1.0)
        line.sendall(body[10:])
        assert line.recv(4096).startswith(b"HTTP/1.1 401")
    assert process.wait(30) == 0
    assert time.monotonic() - begun < 20
