"""Where two clinics hold a patient of one id, the calls ask which is meant: the first found would be a guess."""

from pathlib import Path

import pytest

from tests.commands import reprieve
from tests.support import Service
from tests.test_clinics_apart import both

pytestmark = pytest.mark.anyio
SHEET = "date,pain_average\n2026-04-30,1\n"


@pytest.mark.parametrize("call", [("export",), ("import", "-")])
async def test_without_the_clinic_nothing_is_read_or_written(
    service: Service, database_url: str, tmp_path: Path, call: tuple[str, ...]
) -> None:
    await both(service)
    held = tmp_path / "last.csv"
    held.write_text("of last week\n")
    beside = ("--output", str(held)) if call == ("export",) else ()
    done = reprieve(*call, "--patient", service.ada_id, *beside, stdin=SHEET, url=database_url)
    clinics = sorted(str(one) for one in (service.clinic_id, service.accounts["other"][0]))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--clinic: 2 clinics hold a patient" in done.stderr and all(one in done.stderr for one in clinics)
    assert held.read_text() == "of last week\n"
    diary = (await service("other", "GET", f"/v1/patients/{service.ada_id}/diary?from=2026-04-30")).json()
    assert diary["items"] == []


async def test_with_the_clinic_its_own_patient_is_meant(service: Service, database_url: str) -> None:
    await both(service)
    theirs = str(service.accounts["other"][0])
    whose = ("--patient", service.ada_id, "--clinic", theirs)
    done = reprieve("import", "-", *whose, stdin=SHEET, url=database_url)
    assert (done.returncode, done.stderr) == (0, "1 created\n")
    address = f"/v1/patients/{service.ada_id}/diary?from=2026-04-30"
    assert len((await service("other", "GET", address)).json()["items"]) == 1
    assert (await service("cleo", "GET", address)).json()["items"] == []
    sheets = [
        reprieve("export", "--patient", service.ada_id, "--clinic", str(clinic), url=database_url).stdout
        for clinic in (theirs, service.clinic_id)
    ]
    assert ["2026-04-30" in sheet for sheet in sheets] == [True, False]


async def test_a_clinic_that_has_no_such_patient_is_refused(service: Service, database_url: str) -> None:
    theirs = str(service.accounts["other"][0])
    for call in (("export",), ("import", "-")):
        done = reprieve(*call, "--patient", service.ada_id, "--clinic", theirs, stdin=SHEET, url=database_url)
        assert done.returncode == 2 and f"no patient {service.ada_id} in clinic {theirs}" in done.stderr
        wrong = reprieve(*call, "--patient", service.ada_id, "--clinic", "here", url=database_url)
        assert (wrong.returncode, wrong.stderr) == (2, "reprieve: --clinic: 'here' is no id\n")
