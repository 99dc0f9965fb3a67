"""Running the command as a user does: another process, with its own environment."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx


def environment(url: str | None = None, **more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REPRIEVE_")}
    return clean | ({"REPRIEVE_DATABASE_URL": url} if url else {}) | more


def reprieve(
    *args: str, stdin: str | bytes = b"", url: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [sys.executable, "-m", "app", *args], input=data, capture_output=True, env=environment(url, **more), timeout=120
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


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
