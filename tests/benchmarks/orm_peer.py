"""The peer: the same two calls as the framework's own tutorials teach them: FastAPI, SQLModel's ORM, a session a request.

Served as `tests.benchmarks.orm_peer:app` on the database of REPRIEVE_DATABASE_URL. It has what a service of this kind
needs, and nothing more: sign-in by a bearer token, models for what comes and goes, an entry that is made or changed, a
revision of it, an event in the audit for each call, one commit. On SQLite a session in a thread of the framework's pool
(`def`), on PostgreSQL the async session. `/prepare` fills it with what the measured service has.
"""

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy import JSON, Column, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, Session, SQLModel, create_engine, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.answers.verdicts.schemas import VerdictOut
from app.record.diary.schemas import EntryIn

URL = os.environ.get("REPRIEVE_DATABASE_URL", "sqlite://")
IS_SQLITE = URL.startswith("sqlite")


class PeerAccount(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    token_hash: str = Field(unique=True)
    role: str


class PeerPatient(SQLModel, table=True):
    id: UUID = Field(primary_key=True)
    name: str


class PeerEntry(SQLModel, table=True):
    patient_id: UUID = Field(primary_key=True, foreign_key="peerpatient.id")
    on: date = Field(primary_key=True)
    number: int
    content: dict[str, Any] = Field(sa_column=Column(JSON))


class PeerRevision(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    patient_id: UUID = Field(index=True)
    on: date
    number: int
    received_at: datetime
    content: dict[str, Any] = Field(sa_column=Column(JSON))


class PeerAudit(SQLModel, table=True):
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    account_id: UUID
    action: str
    resource: str
    patient_id: UUID | None
    at: datetime


class PeerVerdict(SQLModel, table=True):
    procedure_id: UUID = Field(primary_key=True)
    patient_id: UUID
    body: dict[str, Any] = Field(sa_column=Column(JSON))


class EntryRead(SQLModel):
    date: date
    number: int
    entry: EntryIn


class Filling(SQLModel):
    token: str
    patients: list[UUID]
    procedure_id: UUID
    verdict: dict[str, Any]


bearer = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]
engine: Engine | None = None
async_engine: AsyncEngine | None = None
if IS_SQLITE:
    told = {"check_same_thread": False}
    engine = create_engine("sqlite:///" + URL.split("///", 1)[1], connect_args=told)

    @event.listens_for(engine, "connect")
    def careful(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
else:
    async_engine = create_async_engine(URL, pool_size=10)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    models = (PeerAccount, PeerPatient, PeerEntry, PeerRevision, PeerAudit, PeerVerdict)
    tables = [SQLModel.metadata.tables[one.__name__.lower()] for one in models]
    if engine is not None:
        SQLModel.metadata.create_all(engine, tables=tables)
    elif async_engine is not None:
        async with async_engine.begin() as connection:
            await connection.run_sync(lambda c: SQLModel.metadata.create_all(c, tables=tables))
    yield


app = FastAPI(lifespan=lifespan)


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


async def get_async_session() -> AsyncIterator[AsyncSession]:
    assert async_engine is not None
    async with AsyncSession(async_engine, expire_on_commit=False) as session:
        yield session


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def heard(account: PeerAccount, action: str, resource: str, patient_id: UUID | None) -> PeerAudit:
    return PeerAudit(
        account_id=account.id,
        action=action,
        resource=resource,
        patient_id=patient_id,
        at=datetime.now(UTC),
    )


def revised(entry: PeerEntry) -> PeerRevision:
    return PeerRevision(
        patient_id=entry.patient_id,
        on=entry.on,
        number=entry.number,
        received_at=datetime.now(UTC),
        content=entry.content,
    )


def filled(given: Filling) -> list[SQLModel]:
    return [
        PeerAccount(token_hash=hash_of(given.token), role="clinician"),
        *(PeerPatient(id=one, name="Ada") for one in given.patients),
        PeerVerdict(procedure_id=given.procedure_id, patient_id=given.patients[0], body=given.verdict),
    ]


UNKNOWN = HTTPException(401, "Not signed in")
NOT_FOUND = HTTPException(404, "Not found")
if IS_SQLITE:
    SessionDep = Annotated[Session, Depends(get_session)]

    def get_account(token: bearer, session: SessionDep) -> PeerAccount:
        account = session.exec(select(PeerAccount).where(PeerAccount.token_hash == hash_of(token))).first()
        if account is None:
            raise UNKNOWN
        return account

    AccountDep = Annotated[PeerAccount, Depends(get_account)]

    @app.post("/prepare")
    def prepare(given: Filling, session: SessionDep) -> None:
        session.add_all(filled(given))
        session.commit()

    @app.put("/v1/patients/{patient_id}/diary/{on}", response_model=EntryRead)
    def put(patient_id: UUID, on: date, entry: EntryIn, session: SessionDep, account: AccountDep) -> EntryRead:
        if session.get(PeerPatient, patient_id) is None:
            raise NOT_FOUND
        held = session.get(PeerEntry, (patient_id, on)) or PeerEntry(patient_id=patient_id, on=on, number=0, content={})
        held.number, held.content = held.number + 1, entry.model_dump(mode="json", exclude_none=True)
        session.add(held)
        session.add(revised(held))
        session.add(heard(account, "write", "diary", patient_id))
        session.commit()
        session.refresh(held)
        return EntryRead(date=held.on, number=held.number, entry=EntryIn.model_validate(held.content))

    @app.get("/v1/procedures/{procedure_id}/relief", response_model=VerdictOut)
    def get(procedure_id: UUID, session: SessionDep, account: AccountDep) -> Any:
        held = session.get(PeerVerdict, procedure_id)
        if held is None:
            raise NOT_FOUND
        body = held.body
        session.add(heard(account, "read", "relief", held.patient_id))
        session.commit()
        return body
else:
    AsyncSessionDep = Annotated[AsyncSession, Depends(get_async_session)]

    async def get_account_async(token: bearer, session: AsyncSessionDep) -> PeerAccount:
        account = (await session.exec(select(PeerAccount).where(PeerAccount.token_hash == hash_of(token)))).first()
        if account is None:
            raise UNKNOWN
        return account

    AsyncAccountDep = Annotated[PeerAccount, Depends(get_account_async)]

    @app.post("/prepare")
    async def prepare_async(given: Filling, session: AsyncSessionDep) -> None:
        session.add_all(filled(given))
        await session.commit()

    @app.put("/v1/patients/{patient_id}/diary/{on}", response_model=EntryRead)
    async def put_async(
        patient_id: UUID, on: date, entry: EntryIn, session: AsyncSessionDep, account: AsyncAccountDep
    ) -> EntryRead:
        if await session.get(PeerPatient, patient_id) is None:
            raise NOT_FOUND
        held = await session.get(PeerEntry, (patient_id, on))
        held = held or PeerEntry(patient_id=patient_id, on=on, number=0, content={})
        held.number, held.content = held.number + 1, entry.model_dump(mode="json", exclude_none=True)
        session.add(held)
        session.add(revised(held))
        session.add(heard(account, "write", "diary", patient_id))
        await session.commit()
        await session.refresh(held)
        return EntryRead(date=held.on, number=held.number, entry=EntryIn.model_validate(held.content))

    @app.get("/v1/procedures/{procedure_id}/relief", response_model=VerdictOut)
    async def get_async(procedure_id: UUID, session: AsyncSessionDep, account: AsyncAccountDep) -> Any:
        held = await session.get(PeerVerdict, procedure_id)
        if held is None:
            raise NOT_FOUND
        body = held.body
        session.add(heard(account, "read", "relief", held.patient_id))
        await session.commit()
        return body


@app.middleware("http")
async def named(request: Request, call_next: Any) -> Any:
    """Each answer names its request, as the service's do."""
    answer = await call_next(request)
    answer.headers["X-Request-ID"] = uuid4().hex
    return answer
