"""How the service does, for whoever runs it: no figure is of a clinic or a person."""

from importlib.metadata import version
from typing import Literal, cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from app.access.accounts.deps import CallerDep
from app.access.accounts.permissions import require
from app.alerts.messages.outbox import waiting_since
from app.answers.verdicts.sweep import count_stale
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.base.store.leases import CONCLUSIONS, lag
from app.base.store.readiness import Readiness
from app.work.clinic.all_clinics import count

router = APIRouter(prefix="/v1", tags=["operators"])


class SystemOut(BaseModel):
    """The service at this moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0.1.0",
                "database": "postgresql",
                "schema_revision": "0018",
                "ready": True,
                "clinics": 12,
                "accounts": 4120,
                "lag_seconds": 1.2,
                "stale_verdicts": 3,
                "message_lag_seconds": 0.0,
                "messages_waiting": 0,
                "dead_letters": 2,
            }
        }
    )

    version: str
    database: Literal["sqlite", "postgresql"]
    schema_revision: str
    ready: bool = Field(description="whether a write was committed just now")
    clinics: int
    accounts: int
    lag_seconds: float | None = Field(description="since all conclusions were up to date; null before the first round")
    stale_verdicts: int = Field(description="procedures whose verdict is to be made anew")
    message_lag_seconds: float = Field(description="that the oldest message is overdue")
    messages_waiting: int
    dead_letters: int = Field(description="deliveries that were given up")


@router.get("/system", responses=problems(403))
async def read_system(request: Request, caller: CallerDep, database: DatabaseDep, now: Now) -> SystemOut:
    """How the service does, for operators."""
    require(caller, "operate")
    async with database.read(aside=True) as connection:
        clinics, accounts = await count(connection)
        behind = await lag(connection, CONCLUSIONS, now)
        late, waiting, dead = await waiting_since(connection, now)
        stale = await count_stale(connection, now)
        revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        kind = cast("Literal['sqlite', 'postgresql']", connection.dialect.name)
    return SystemOut(
        version=version("reprieve"),
        database=kind,
        schema_revision=revision,
        ready=await cast(Readiness, request.app.state.readiness).now(),
        clinics=clinics,
        accounts=accounts,
        lag_seconds=behind,
        stale_verdicts=stale,
        message_lag_seconds=late,
        messages_waiting=waiting,
        dead_letters=dead,
    )
