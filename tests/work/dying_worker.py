"""A worker that is killed at each commit, before it and after it, until nothing is left to do.

python -m tests.work.dying_worker URL INSTANT

Each life is a process of its own, ended by SIGKILL before or after its first, second or third commit, in turn. Prints how
many were killed.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta
from typing import Any

import app.answers.verdicts.sweep as sweeping
from app.alerts.messages import sending
from app.alerts.messages.sending import CLAIM, send_due
from app.base.logs import configure
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.leases import set_up_to_date
from app.work.worker import work_once

KILLS = ((1, "before"), (1, "after"), (2, "before"), (2, "after"), (3, "after"))
MOST = 400  # lives


class Dying(Database):
    """A database whose process dies at a commit."""

    def __init__(self, url: str, at: int, when: str) -> None:
        super().__init__(url, pool_size=2)
        self._left, self._when = at, when

    async def write(self, work: Any) -> Any:
        """Dies before the commit or after it, when its turn has come; an empty commit is none.

        That all is up to date is written at the end of every round, done or not, and is left out.
        """
        if getattr(work, "__qualname__", "").startswith(f"{set_up_to_date.__name__}."):
            return await super().write(work)
        wrote = False

        async def watched(connection: Any) -> Any:
            nonlocal wrote
            result = await work(connection)
            wrote = bool(result) or result is None
            if wrote:
                self._left -= 1
                if self._left == 0 and self._when == "before":
                    os.kill(os.getpid(), signal.SIGKILL)
            return result

        result = await super().write(watched)
        if wrote and self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


async def live(url: str, at: datetime, kill: tuple[int, str]) -> None:
    database = Dying(url, *kill)
    settings = Settings.model_validate({"database_url": url, "private_targets": True})
    done = await work_once(database, lambda: at, most=200)
    while sent := await send_due(database, settings, lambda: at):
        done += sent
    await database.close()


def main(url: str, begin: datetime) -> None:
    configure("error")
    sweeping.BATCH, sending.AT_ONCE = 1, 2  # many small steps to die at
    killed = calm = 0
    for life in range(MOST):
        at = begin + life * (CLAIM + timedelta(seconds=1))  # what the dead had claimed is free again
        process = os.fork()
        if process == 0:
            asyncio.run(live(url, at, KILLS[life % len(KILLS)]))
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            calm = 0
        else:
            assert os.WEXITSTATUS(status) == 0, status
            calm += 1
        if calm == len(KILLS):  # each way of dying found nothing to die at
            print(killed)
            return
    raise SystemExit(f"not done after {MOST} lives")


if __name__ == "__main__":
    main(sys.argv[1], datetime.fromisoformat(sys.argv[2]))
