"""The calls `reprieve policy check` and `reprieve policy add`."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from app.accounts.access import Caller
from app.accounts.service import account
from app.eligibility import own
from app.eligibility.schemas import PolicyIn
from app.once.service import Once
from app.problems import Problem
from app.rules.policies import BadPolicyError, load
from app.settings import get_settings
from app.store.base import utc_now
from app.store.database import Database
from app.store.migrate import check as check_database


def check(file: str) -> int:
    """Says whether a file is a policy; 1 with the line at fault where it is none, 2 where it can't be read."""
    try:
        policy = load(file)
    except BadPolicyError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"reprieve: {file}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{policy.name}: good; {policy.title}")
    for version in policy.versions:
        until = f"to {version.in_force_to}" if version.in_force_to else "on"
        known = f"verified by {version.verified_by}" if version.verified_by else "unverified"
        rules = ", ".join(rule.name for rule in version.rules)
        print(f"  version {version.version}, in force from {version.in_force_from} {until}, {known}: {rules}")
    return 0


def add(file: str, clinic_id: str, username: str) -> int:
    """Adds a policy in the name of a clinic's admin; 1 with the line at fault where the file is none, 2 for a wrong call."""
    checked = check(file)
    if checked:
        return checked
    try:
        where = UUID(clinic_id)
    except ValueError:
        return _refuse("--clinic is an id")
    try:
        asyncio.run(_add(Path(file).read_text("utf-8"), where, username))
    except Problem as problem:
        return _refuse(problem.errors[0].detail if problem.errors else problem.detail)
    print("added")
    return 0


async def _add(text: str, clinic_id: UUID, username: str) -> None:
    settings = get_settings()
    await check_database(settings.url)
    database = Database(settings.url, pool_size=1)
    try:
        async with database.read() as connection:
            query = select(account).where(account.c.clinic_id == clinic_id, account.c.username == username)
            row = (await connection.execute(query)).first()
        if row is None:
            raise Problem(404, f"--by: the clinic has no account {username}")
        caller = Caller(row.id, row.clinic_id, row.role, row.patient_id)
        await own.add(database, caller, PolicyIn(toml=text), Once(None, ""), utc_now())
    finally:
        await database.close()


def _refuse(says: str) -> int:
    print(f"reprieve: {says}", file=sys.stderr)
    return 2
