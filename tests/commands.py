"""Running the command as a user does: another process, with its own environment."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import httpx

from app.doors.commands.main import CALLS, main

WRITE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def environment(url: str | None = None, **more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REPRIEVE_")}
    return clean | ({"REPRIEVE_DATABASE_URL": url} if url else {}) | more


def reprieve(
    *args: str, stdin: str | bytes = b"", url: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, forked from one that has imported it: importing takes longer than most calls."""
    return ran(main, args, environment(url, **more), stdin=stdin)


def ran(
    call: Callable[[], object], args: tuple[str, ...], environ: dict[str, str], *, stdin: str | bytes = b""
) -> subprocess.CompletedProcess[str]:
    """What `call`, which takes its arguments as the command does, did in a process of its own."""
    with TemporaryDirectory() as folder:
        given, out, err = (Path(folder) / name for name in ("in", "out", "err"))
        given.write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
        process = started(call, args, environ, given=given, out=out, err=err)
        process.join(120)
        if process.is_alive():
            process.kill()
            raise TimeoutError(f"reprieve {' '.join(args)} did not end: {err.read_text()}")
        assert process.exitcode is not None
        return subprocess.CompletedProcess(args, process.exitcode, out.read_text(), err.read_text())


@cache
def forks() -> ForkServerContext:
    """Processes forked from one that has imported what the calls need."""
    context = get_context("forkserver")
    context.set_forkserver_preload(
        ["app.doors.server", *(f"app.doors.commands.{module}" for module, _ in CALLS.values())]
    )
    return context


def started(
    call: Callable[[], object], args: tuple[str, ...], environ: dict[str, str], *, given: Path, out: Path, err: Path
) -> ForkServerProcess:
    """A forked process under way; its streams are files."""
    process = forks().Process(target=_command, args=(call, args, environ, given, out, err))
    process.start()
    return process


def _command(
    call: Callable[[], object], args: tuple[str, ...], environ: dict[str, str], given: Path, out: Path, err: Path
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for number, path, flags in ((0, given, os.O_RDONLY), (1, out, WRITE), (2, err, WRITE)):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout = (os.fdopen(i, mode, closefd=False) for i, mode in enumerate("rw"))
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv = ["reprieve", *args]
    try:
        call()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


class Serving:
    """A command under way, with the part of `subprocess.Popen` that the tests need."""

    def __init__(self, process: ForkServerProcess, out: Path, err: Path) -> None:
        self.process = process
        self.stdout: IO[str] = out.open()  # waits until the process has opened its end
        self.stderr: IO[str] = err.open()

    def poll(self) -> int | None:
        """The exit code, below 0 where a signal ended it; None while it runs."""
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("reprieve", timeout or 0.0)
        return self.process.exitcode

    def send_signal(self, sent: signal.Signals) -> None:
        """As from a terminal, or from whoever runs the service."""
        assert self.process.pid is not None
        os.kill(self.process.pid, sent)

    def kill(self) -> None:
        """The end at once."""
        self.process.kill()

    def close(self) -> None:
        """Ends it, where it still runs."""
        if self.poll() is None:
            self.kill()
        self.process.join()
        self.stdout.close()
        self.stderr.close()

    def communicate(self) -> tuple[str, str]:
        """What is left in both streams, once it has ended."""
        return self.stdout.read(), self.stderr.read()


@contextmanager
def serving(*args: str, url: str | None = None, **more: str) -> Iterator[Serving]:
    """A server in another process, killed at the end where it still runs."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        for stream in (out, err):
            os.mkfifo(stream)
        given = Path(os.devnull)
        serves = Serving(started(main, args, environment(url, **more), given=given, out=out, err=err), out, err)
        try:
            yield serves
        finally:
            serves.close()


def wait_until_it_answers(process: Any, url: str) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()
        try:
            if httpx.get(f"{url}/readyz", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("the server never answered")


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
