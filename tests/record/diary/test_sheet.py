"""A diary as a sheet holds what the patient has written: medicines and flare-ups too."""

import csv
import io

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_medicines_and_flare_ups_stand_in_the_sheet(service: Service) -> None:
    taken = [
        {"code": "10689", "dose": 50, "unit": "mg", "times": 2, "schedule": "scheduled"},
        {"name": "=ibuprofen", "dose": 400, "unit": "mg", "schedule": "as_needed"},
        {"name": "something"},
    ]
    await service.put("2026-04-28", 4, medications=taken, flare_up=True)
    await service.put("2026-04-29", 4, medications=[], flare_up=False)
    await service.put("2026-04-30", 4)
    sheet = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [(one["flare_up"], one["medications"]) for one in rows] == [
        ("yes", "tramadol 50 mg x 2; =ibuprofen 400 mg when needed; something"),
        ("no", "none"),
        ("", ""),
    ]
    only = await service.put("2026-05-01", 4, medications=[{"name": "=cmd()"}])
    assert only.status_code == 201
    assert (
        "'=cmd()"
        in (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary", headers={"Accept": "text/csv"})).text
    )
