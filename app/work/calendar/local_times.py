"""Days and instants in the words of a refusal, by the clinic's clocks: who reads it looks at those."""

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.base.store.typed import col
from app.rules.days import spoken_day


async def zone_of(connection: AsyncConnection, clinic_id: UUID) -> str:
    """The name of the clinic's time zone; UTC where it has said none."""
    query = select(col(Clinic.time_zone)).where(col(Clinic.id) == clinic_id)
    return (await connection.execute(query)).scalar_one() or "UTC"


async def spoken_instant(connection: AsyncConnection, clinic_id: UUID, at: datetime) -> str:
    """An instant as the clinic's clocks show it, with the name of their zone."""
    zone = await zone_of(connection, clinic_id)
    local = at.astimezone(ZoneInfo(zone))
    return f"{spoken_day(local.date())}, {local:%H:%M} ({zone})"


def spoken_days(first: date, last: date) -> str:
    """A stretch of days, both ends included."""
    return f"on {spoken_day(first)}" if first == last else f"from {spoken_day(first)} to {spoken_day(last)}"


def midnight(on: date, zone: str) -> datetime:
    """When a day begins at a place."""
    return datetime.combine(on, time(0), ZoneInfo(zone)).astimezone(UTC)
