"""A patient's red flags of these days, for the top of every page about them."""

from uuid import UUID

from sqlalchemy import and_, select

from app.access.accounts.permissions import Caller, reach
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.alerts.flags.service import RED, flag
from app.alerts.flags.tables import Flag
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, whole

MOST = 10


async def urgent_of(database: Database, caller: Caller, patient_id: UUID) -> list[tuple[Flag, str | None]]:
    """Red flags that nobody has closed, the first due first, each with who has it; for a page that is audited itself."""
    has_it = and_(col(Account.clinic_id) == col(Flag.clinic_id), col(Account.id) == col(Flag.owner_id))
    query: RowQuery = (
        select(flag, col(Account.username))
        .select_from(flag)
        .outerjoin(account, has_it)
        .where(
            reach(caller, "read", clinic_id=col(Flag.clinic_id), patient_id=col(Flag.patient_id)),
            col(Flag.patient_id) == patient_id,
            col(Flag.kind) == RED,
            col(Flag.state).in_(("open", "acknowledged")),
            col(Flag.severity) != "later",
            col(Flag.shown_at).is_not(None),
        )
        .order_by(col(Flag.due_at))
        .limit(MOST)
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    return [(whole(Flag, one), one._mapping["username"]) for one in found]
