"""The patient list: who needs a look first, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from app.access.accounts.permissions import RULES
from app.answers.verdicts import patient_list
from app.answers.verdicts.triage import NEEDS
from app.base.http.deps import DatabaseDep, Now
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep
from app.record.whole.hand_overs.service import NEEDED
from app.rules.words import REGIONS, Region
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
AnyRegion = Region | Literal[""]


@dataclass(frozen=True)
class FirstStep:
    """One thing that a new clinic does before all others, where, and whether it is done."""

    says: str
    address: str
    done: bool


@router.get("")
async def patients_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    q: Annotated[str, Query(max_length=200)] = "",
    need: str = "",
    region: AnyRegion = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Who needs a look first, and why."""
    wanted = need if need in NEEDS else None
    q = q.strip().replace("\x00", "")
    listing = await patient_list.read(
        database, visitor.caller, q, need=wanted, region=region or None, page=page_number, now=now
    )

    def address(number: int) -> str:
        asked = {"q": q, "need": wanted or "", "region": region, "page": number}
        return "/clinic?" + urlencode({k: v for k, v in asked.items() if v})

    return page(
        "patients.html",
        visitor,
        listing=listing,
        needs=NEEDS,
        regions=REGIONS,
        q=q,
        need=wanted,
        region=region,
        page=page_number,
        first=patient_list.PAGE * (page_number - 1) + 1,
        address=address,
        first_steps=await _first_steps(database, visitor, patients=sum(listing.by_need.values()), now=now),
        may_take_over=all((visitor.caller.role, action) in RULES for action in NEEDED),
        may_write=(visitor.caller.role, "create_patient") in RULES,
        outside=visitor.caller.in_teams and (visitor.caller.role, "break_glass") in RULES,
    )


async def _first_steps(database: Database, visitor: Visitor, *, patients: int, now: datetime) -> list[FirstStep]:
    """What a new clinic's admin has yet to do before it can work; empty once all of it is done, and for everybody else."""
    caller = visitor.caller
    if (caller.role, "change_clinic") not in RULES:
        return []
    clinic, staff = await clinics.read(database, caller, now), await clinics.list_colleagues(database, caller)
    clinicians = any(one.role == "clinician" and not one.disabled for one in staff)
    steps = [
        FirstStep(
            "Write down the clinic's phone number, country and time zone", "/clinic/settings", bool(clinic.phone)
        ),
        FirstStep(
            "Invite a clinician; whoever books, too, if that is somebody else", "/clinic/accounts#invite", clinicians
        ),
        FirstStep("Add the first patient, then invite them from their page", "/clinic/patients/new", patients > 0),
    ]
    return [] if all(one.done for one in steps) else steps
