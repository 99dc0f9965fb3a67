"""The calls `reprieve policy check` and `reprieve policy add`."""

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.access.accounts.service import find_account
from app.answers.eligibility import clinic_policies
from app.answers.eligibility.schemas import PolicyIn
from app.base.http.idempotency.service import NO_KEY
from app.base.http.problems import Problem
from app.base.store.metadata import utc_now
from app.doors.commands.common import Refusal, new_call, opened, parse_id, report
from app.rules.policies import BadPolicyError, load

app = new_call("Policies: payers' and guidelines' rules for a repeat.")
File = Annotated[str, typer.Argument(help="TOML file of a policy")]


@app.command("check")
def check(file: File) -> None:
    """Says whether a file is a policy, or which line is at fault: then the exit code is 1."""
    try:
        policy = load(file)
    except BadPolicyError as error:
        report(f"{file}: {error}")
        raise typer.Exit(1) from None
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    print(f"{policy.name}: good; {policy.title}")
    for version in policy.versions:
        until = f"to {version.in_force_to}" if version.in_force_to else "on"
        known = f"verified by {version.verified_by}" if version.verified_by else "unverified"
        rules = ", ".join(rule.name for rule in version.rules)
        print(f"  version {version.version}, in force from {version.in_force_from} {until}, {known}: {rules}")


@app.command("add")
def add(
    file: File,
    clinic_id: Annotated[str, typer.Option("--clinic", help="id of the clinic that it belongs to")],
    username: Annotated[str, typer.Option("--by", help="name of the clinic's admin who adds it")],
) -> None:
    """Adds a policy of a clinic's own; a second file of the same name replaces the first."""
    check(file)
    try:
        asyncio.run(_add(Path(file).read_text("utf-8"), parse_id("--clinic", clinic_id), username))
    except Problem as problem:
        raise Refusal(problem.errors[0].detail if problem.errors else problem.detail) from None
    print("added")


async def _add(text: str, clinic_id: UUID, username: str) -> None:
    async with opened() as database:
        async with database.read() as connection:
            caller = await find_account(connection, clinic_id, username)
        if caller is None:
            raise Refusal(f"--by: the clinic has no account {username}")
        await clinic_policies.add(database, caller, given=PolicyIn(toml=text), once=NO_KEY, now=utc_now())
