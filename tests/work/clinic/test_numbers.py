"""The numbers that advice tells patients to call: set with the clinic, seen by its staff beside the red flags."""

import re

import pytest
from sqlalchemy import select

from app.access.accounts.tables import Clinic
from app.base.store.typed import col
from app.doors.demo.build import build
from tests.commands import reprieve
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio


async def numbers_of(service: Service, name: str) -> tuple[str | None, str | None, str | None]:
    columns = (col(Clinic.phone), col(Clinic.emergency_number), col(Clinic.jurisdiction))
    async with service.app.state.database.read() as connection:
        one = (await connection.execute(select(*columns).where(col(Clinic.name) == name))).one()
    return one[0], one[1], one[2]


async def test_a_clinic_is_made_with_its_numbers(service: Service, database_url: str) -> None:
    call = ("clinic", "Lakeside", "--admin", "ruth", "--phone", "+41 44 1", "--jurisdiction", "CH")
    made = reprieve(*call, "--emergency-number", "1414", url=database_url)
    assert (made.returncode, made.stderr) == (0, "")
    assert await numbers_of(service, "Lakeside") == ("+41 44 1", "1414", "CH")
    without = reprieve("clinic", "Hillside", "--admin", "hugo", url=database_url)
    assert without.returncode == 0 and without.stderr.startswith("no --phone: until an admin sets one")
    assert await numbers_of(service, "Hillside") == (None, None, None)


@pytest.mark.parametrize("wrong", [("--phone", "call us"), ("--emergency-number", "1"), ("--jurisdiction", "ch")])
def test_a_number_that_is_none_makes_no_clinic(database_url: str, wrong: tuple[str, str]) -> None:
    refused = reprieve("clinic", "Lakeside", "--admin", "ruth", *wrong, url=database_url)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"reprieve: {wrong[0]}: {wrong[1]!r} is none; it is ")
    again = reprieve("clinic", "Lakeside", "--admin", "ruth", url=database_url)
    assert again.returncode == 0, "the name was not taken"


async def test_staff_see_beside_the_flags_what_patients_are_told_to_call(service: Service) -> None:
    await service.put("2026-04-30", 4, note="I can't pee")
    form = {"username": "cleo", "password": PASSWORD}
    entered = await service.client.post("/clinic/sign-in", data=form)
    assert entered.status_code == 303

    async def told() -> str:
        shown = (await service.client.get("/clinic/flags")).text
        found = re.search(r'<p class="soft" id="numbers">(.*?)</p>', shown)
        assert found is not None
        return re.sub("<[^>]+>", "", found[1])

    none = "no number of this clinic, for an admin has set none; in an emergency 112."
    assert await told() == f"With a danger sign patients are told to call {none}"
    await service("root", "PATCH", "/v1/clinic", json={"phone": "044 1", "jurisdiction": "US"})
    assert await told() == "With a danger sign patients are told to call 044 1 (this clinic), in an emergency 911."


@pytest.mark.unmeasured
async def test_the_demos_clinics_have_their_numbers(service: Service) -> None:
    state = service.app.state
    accounts = await build(state.database, state.clock(), lambda name: None)
    await service.show("demo", accounts[0].username, accounts[0].password)
    shown = (await service("demo", "GET", "/v1/clinic")).json()
    assert (shown["phone"], shown["jurisdiction"], shown["time_zone"]) == ("+41 44 000 00 00", "CH", "Europe/Zurich")
    assert await numbers_of(service, "Hillside Practice") == ("+41 44 000 00 01", None, "CH")
