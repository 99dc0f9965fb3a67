"""Running the command as a user does: another process, with its own environment."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from app.doors.commands.main import CALLS, main

WRITE = os.O_WRONLY | os.O_CREAT


def environment(url: str | None = None, **more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REPRIEVE_")}
    return clean | ({"REPRIEVE_DATABASE_URL": url} if url else {}) | more


def reprieve(
    *args: str, stdin: str | bytes = b"", url: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, forked from one that has imported it: importing takes longer than most calls."""
    with TemporaryDirectory() as folder:
        given, out, err = (Path(folder) / name for name in ("in", "out", "err"))
        given.write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
        process = forks().Process(target=_command, args=(args, environment(url, **more), given, out, err))
        process.start()
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
    context.set_forkserver_preload([f"app.doors.commands.{module}" for module, _ in CALLS.values()])
    return context


def _command(args: tuple[str, ...], environ: dict[str, str], given: Path, out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for number, path, flags in ((0, given, os.O_RDONLY), (1, out, WRITE), (2, err, WRITE)):
        os.dup2(os.open(path, flags), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(i, mode, closefd=False) for i, mode in enumerate("rww"))
    sys.argv = ["reprieve", *args]
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


@contextmanager
def serving(*args: str, url: str | None = None, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A server in another process, killed at the end where it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(url, **more),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


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
