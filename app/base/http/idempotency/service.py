"""`Idempotency-Key`: the same key and body get the same answer, and nothing is done twice.

The key is claimed in the transaction of the work itself: of two requests that race, the second waits for the first one's
commit and then finds its answer; where the first fails, nothing of it is kept and the second does the work.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.idempotency.tables import KeptAnswer
from app.base.http.problems import Problem, bad_field
from app.base.http.wire import JsonObject
from app.base.store.database import Database
from app.base.store.statements import insert_new
from app.base.store.typed import col, for_row, row, table, to, whole

kept = table(KeptAnswer)
KEPT_FOR = timedelta(hours=24)
SHOWN_ONCE = "done"  # kept in the place of a body that holds a secret


@dataclass(frozen=True)
class Answer:
    """What a call answers: its body as it goes over the wire, its status and headers; and whose data it holds.

    `secret`: the body holds something that is shown once. It is not kept: a second call hears that the first one is done.
    `again`: it is the answer that was kept of a call before.
    """

    body: JsonObject
    status: int = 201
    headers: dict[str, str] | None = None
    patient_id: UUID | None = None
    secret: bool = False
    again: bool = False


@dataclass(frozen=True)
class IdempotentCall:
    """The key of a call and a fingerprint of what it asks; without a key it is done each time."""

    key: str | None
    fingerprint: str

    async def run(
        self,
        database: Database,
        account_id: UUID,
        *,
        clinic_id: UUID,
        now: datetime,
        work: Callable[[AsyncConnection], Awaitable[Answer]],
    ) -> Answer:
        """Does the work and keeps its answer, or gives the answer that was kept.

        Raises:
            Problem: 422 where the key came with another call or body before; 409 where the answer was shown once.
        """

        async def at_most_once(connection: AsyncConnection) -> Answer:
            if self.key is None:
                return await work(connection)
            await connection.execute(delete(kept).where(col(KeptAnswer.kept_at) < now - KEPT_FOR))
            mine = (col(KeptAnswer.account_id) == account_id) & (col(KeptAnswer.key) == self.key)
            claim = row(
                KeptAnswer,
                clinic_id=clinic_id,
                account_id=account_id,
                key=self.key,
                fingerprint=self.fingerprint,
                status=0,
                headers={},
                body="",
                kept_at=now,
            )
            claimed = await connection.execute(insert_new(connection, kept, "account_id", "key"), claim)
            if claimed.rowcount == 0:
                return self._again(whole(KeptAnswer, (await connection.execute(select(kept).where(mine))).one()))
            answer = await work(connection)
            body = SHOWN_ONCE if answer.secret else json.dumps(answer.body, ensure_ascii=False)
            changed = (
                to(col(KeptAnswer.status), answer.status),
                to(col(KeptAnswer.headers), answer.headers or {}),
                to(col(KeptAnswer.body), body),
                to(col(KeptAnswer.patient_id), answer.patient_id),
            )
            await connection.execute(update(kept).where(mine).ordered_values(*for_row(changed, account_id, self.key)))
            return answer

        return await database.write(at_most_once)

    def _again(self, kept_answer: KeptAnswer) -> Answer:
        if kept_answer.fingerprint != self.fingerprint:
            raise bad_field("/Idempotency-Key", "came with another call or body before; use a new one", where="header")
        if kept_answer.status == 0:  # cannot be, for the claim is committed with its answer
            raise Problem(409, "The call with this key is not finished.")
        if kept_answer.body == SHOWN_ONCE:
            raise Problem(409, "This was done already; its answer holds a secret, and was shown once.")
        body = json.loads(kept_answer.body)
        return Answer(body, kept_answer.status, kept_answer.headers, kept_answer.patient_id, again=True)


async def answered(database: Database, account_id: UUID, key: str) -> Answer | None:
    """The status and headers that were kept of a call; None where there was none with this key."""
    query = select(col(KeptAnswer.status), col(KeptAnswer.headers)).where(
        col(KeptAnswer.account_id) == account_id, col(KeptAnswer.key) == key
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).first()
    return None if found is None else Answer({}, found[0], found[1], again=True)


NO_KEY = IdempotentCall(None, "")  # for calls that come without a key: the work is done each time
