"""`Idempotency-Key`: the same key and body get the same answer, and nothing is done twice.

The key is claimed in the transaction of the work itself: of two requests that race, the second waits for the first one's
commit and then finds its answer; where the first fails, nothing of it is kept and the second does the work.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.idempotency.tables import KeptAnswer
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.base.store.metadata import columns
from app.base.store.statements import insert_new

kept = columns(KeptAnswer)
KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """What a call answers: its body as it goes over the wire, its status and headers; and whose data it holds."""

    body: dict[str, Any]
    status: int = 201
    headers: dict[str, str] | None = None
    patient_id: UUID | None = None


@dataclass(frozen=True)
class Once:
    """The key of a call and a fingerprint of what it asks; without a key it is done each time."""

    key: str | None
    fingerprint: str

    async def run(
        self,
        database: Database,
        account_id: UUID,
        now: datetime,
        work: Callable[[AsyncConnection], Awaitable[Answer]],
    ) -> Answer:
        """Does the work and keeps its answer, or gives the answer that was kept.

        Raises:
            Problem: 422 where the key came with another call or body before.
        """

        async def at_most_once(connection: AsyncConnection) -> Answer:
            if self.key is None:
                return await work(connection)
            await connection.execute(delete(kept).where(kept.c.kept_at < now - KEPT_FOR))
            mine = (kept.c.account_id == account_id) & (kept.c.key == self.key)
            claim = {
                "account_id": account_id, "key": self.key, "fingerprint": self.fingerprint, "status": 0,
                "headers": {}, "body": "", "kept_at": now, "patient_id": None}  # fmt: skip
            claimed = await connection.execute(insert_new(connection, kept, "account_id", "key"), claim)
            if claimed.rowcount == 0:
                return self._again((await connection.execute(select(kept).where(mine))).one())
            answer = await work(connection)
            await connection.execute(
                update(kept)
                .where(mine)
                .values(
                    status=answer.status,
                    headers=answer.headers or {},
                    body=json.dumps(answer.body, ensure_ascii=False),
                    patient_id=answer.patient_id,
                )
            )
            return answer

        return await database.write(at_most_once)

    def _again(self, row: Any) -> Answer:
        if row.fingerprint != self.fingerprint:
            raise bad_field("/Idempotency-Key", "came with another call or body before; use a new one", where="header")
        if row.status == 0:  # cannot be, for the claim is committed with its answer
            raise Problem(409, "The call with this key is not finished.")
        return Answer(json.loads(row.body), row.status, row.headers, row.patient_id)
