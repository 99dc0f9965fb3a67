"""Migrates databases in children that are forked once everything is imported, and die at a step each.

python -m tests.base.store.dying_migration COUNT URL STEP [URL STEP ...]

Prints a line for each child: the signal that ended it, or 0. What does not die writes to the file COUNT how many steps there
were: a statement or a commit is one. Apart from the tests, whose process has threads and must not be forked.
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.base.store.migrate import upgrade


def migrate(url: str, at: int, revision: str = "head") -> int:
    """Migrates, and is killed at the `at`-th step, 0 never; returns how many there were."""
    done = 0

    def step(*_: object) -> None:
        nonlocal done
        done += 1
        if done == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    upgrade(url, revision)
    return done


def in_a_child(url: str, at: int, count: Path) -> int:
    """The signal that ended a child, or its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            count.write_text(str(migrate(url, at)))
            code = 0
        finally:
            os._exit(code)
    ended = os.waitpid(child, 0)[1]
    return os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else os.waitstatus_to_exitcode(ended)


if __name__ == "__main__":
    for one, at_step in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
        print(in_a_child(one, int(at_step), Path(sys.argv[1])), flush=True)
