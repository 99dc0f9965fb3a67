import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import json_lines, reprieve
from tests.support import Service

pytestmark = pytest.mark.anyio
SHEET = "Date;Pain;Worst;Steps;Notes\n01.03.2026;6,5;8;4100;bad night\n02.03.2026;4;;;\n02.03.2026 22:10;5;;;\n"
DRY = ("--dry-run", "--performed-on", "2026-02-20", "--region", "lumbar", "--laterality", "left", "--day-first")


OF_MOMENTS = {
    "moments": [
        {"at": f"2026-03-03T{hour:02}:00:00+01:00", "pain": [{"region": "lumbar", "side": "left", "now": score}]}
        for hour, score in ((8, 2), (20, 6))
    ]
}


async def diary(service: Service) -> list[dict[str, Any]]:
    answer = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_sheet_is_imported_and_twice_changes_nothing(
    service: Service, database_url: str, tmp_path: Path
) -> None:
    await service.new_procedure()
    file = tmp_path / "my.csv"
    file.write_text(SHEET)
    first = reprieve("import", str(file), "--patient", service.ada_id, "--day-first", url=database_url)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "2 created\n")
    kept = await diary(service)
    assert [(k["date"], k["pain"], k["note"]) for k in kept] == [
        ("2026-03-01", [{"region": "lumbar", "side": "left", "average": 6.5, "worst": 8.0}], "bad night"),
        ("2026-03-02", [{"region": "lumbar", "side": "left", "average": 4.5, "worst": 5.0}], None),
    ]
    again = reprieve("import", str(file), "--patient", service.ada_id, "--day-first", url=database_url)
    assert (again.returncode, again.stderr) == (0, "2 unchanged\n")
    assert await diary(service) == kept


async def test_a_fault_means_that_nothing_is_written_unless_told_to_keep_going(
    service: Service, database_url: str
) -> None:
    await service.new_procedure()
    bad = SHEET + "03.03.2026;12;;;\n31.04.2026;4;;;\n"
    call = ("import", "-", "--patient", service.ada_id, "--day-first")
    refused = reprieve(*call, stdin=bad, url=database_url)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[:2] == [
        'line 5: pain_average "12": not a score from 0 to 10',
        'line 6: date "31.04.2026": no such day',
    ]
    assert await diary(service) == []
    kept = reprieve(*call, "--keep-going", stdin=bad, url=database_url)
    assert kept.returncode == 1
    assert len(await diary(service)) == 2


async def test_what_export_writes_import_reads_again_with_nothing_lost(service: Service, database_url: str) -> None:
    await service.put(
        "2026-03-01",
        4,
        note="=1+1",
        medications=[{"code": "10689", "dose": 50, "unit": "mg", "times": 2}],
        side_effects=[{"kind": "numbness", "severity": 1}],
        interference=3,
    )
    await service.put("2026-03-02", 5, activity={"steps": 4200, "level": "usual"})
    day = f"/v1/patients/{service.ada_id}/diary/2026-03-03"
    assert (await service("ada", "PUT", day, json=OF_MOMENTS)).status_code == 201
    before = await diary(service)
    out = reprieve("export", "--patient", service.ada_id, "--format", "ndjson", url=database_url)
    assert out.returncode == 0
    assert [line["date"] for line in json_lines(out.stdout)] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    again = reprieve("import", "-", "--patient", service.ada_id, stdin=out.stdout, url=database_url)
    assert (again.returncode, again.stderr) == (0, "3 unchanged\n")
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    assert reprieve("import", "-", "--patient", bob, stdin=out.stdout, url=database_url).stderr == "3 created\n"
    copy = (await service("bob", "GET", f"/v1/patients/{bob}/diary")).json()["items"]
    drop = {"received_at"}
    assert [{k: v for k, v in e.items() if k not in drop} for e in copy] == [
        {k: v for k, v in e.items() if k not in drop} for e in before
    ]
    sheet = reprieve("export", "--patient", service.ada_id, url=database_url)
    assert "'=1+1" in sheet.stdout
    assert reprieve("import", "-", "--patient", bob, stdin=sheet.stdout, url=database_url).returncode == 0


async def test_a_bad_line_of_ndjson_is_named(service: Service, database_url: str) -> None:
    lines = '{"date": "2026-03-01", "medications": []}\n{"date": "2026-03-02", "pain": [{"region": "knee"}]}\n{"date"\n'
    done = reprieve("import", "-", "--patient", service.ada_id, stdin=lines, url=database_url)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("line 2: /pain/0/region: ")
    assert done.stderr.splitlines()[1] == "line 3: is no JSON"


def test_from_a_spreadsheet_to_a_verdict_with_no_server() -> None:
    scores = "\n".join(f"2026-{2 + (d >= 28):02}-{d % 28 + 1:02},{7 if d < 21 else 2}" for d in range(50))
    dry = reprieve("import", "-", *DRY, "--baseline-pain", "7", stdin="date,pain\n" + scores)
    assert (dry.returncode, dry.stderr) == (0, "")
    line = json.loads(dry.stdout)
    assert line["procedure"] == {"performed_on": "2026-02-20", "region": "lumbar", "laterality": "left"}
    traced = reprieve("trace", "-", stdin=dry.stdout)
    assert json.loads(traced.stdout)["verdict"]["baseline_pain"] == 7


def test_a_day_of_moments_alone_has_their_average_and_worst_also_with_no_server() -> None:
    dry = reprieve("import", "-", *DRY, stdin=json.dumps({"date": "2026-03-03", **OF_MOMENTS}))
    (entry,) = json.loads(dry.stdout)["entries"]
    assert (entry["pain_average"], entry["pain_worst"]) == (4, 6)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "--patient says whose diary it is"),
        (("--dry-run",), "--dry-run needs"),
        ((*DRY, "--month-first"), "can't both be right"),
        ((*DRY, "--map", "mood=X"), "the fields are"),
        ((*DRY, "--region", "elbow"), "--region"),
        ((*DRY, "--baseline-pain", "12"), "--baseline-pain"),
        ((*DRY, "--performed-on", "someday"), "--performed-on: not a day"),
        (("--patient", "me"), "is no id"),
    ],
)
def test_wrong_options_are_refused(args: tuple[str, ...], says: str) -> None:
    done = reprieve("import", "-", *args, stdin=SHEET)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_a_file_without_a_known_heading_says_what_to_do() -> None:
    done = reprieve("import", "-", *DRY, stdin="a;b\n1;2\n")
    assert done.returncode == 1
    assert "--map date=" in done.stderr


def test_an_unknown_patient_is_refused(database_url: str) -> None:
    nobody = "0199a3c4-7d00-7a00-8000-000000000001"
    for call in (("import", "-"), ("export",)):
        done = reprieve(*call, "--patient", nobody, url=database_url)
        assert done.returncode == 2
        assert "there is no patient" in done.stderr
