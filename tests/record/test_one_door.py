"""One history, sent by every way there is, is kept, flagged and audited as one; and there is no way round the door.

What differs honestly, and is left out of the comparison:

- When it was received, and which account wrote it: a file and a record of another clinic name none.
- Of a day that is over thirty days past, a flag asks to "read this", once a month and sign. It names the first day that
  came in; a record of another clinic comes day by day, whatever the order in which that clinic received it.
- In the first three days a rise is told against the day before as it is known when the entry is looked at: one by one that
  is what had come by then, in a batch, a file and a record what the whole says.
- A record leaves events of its other parts too (the patient, the procedure, the record).
"""

import ast
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.access.audit.tables import AuditEvent
from app.alerts.flags.tables import Flag
from app.base.store.metadata import utc_now
from app.base.store.typed import col, table, wholes
from app.record.diary.tables import DiaryDay, DiaryRevision
from tests.commands import reprieve
from tests.conftest import Clock
from tests.support import Service

APP = Path(__file__).parent.parent.parent / "app"
Entry = dict[str, Any]
NEW = {"born_on": "1961-04-02", "time_zone": "Europe/Zurich"}

NOTES = (
    "slept badly",
    "Numb between my legs, can't pee since noon",
    "kein Fieber, alles gut",
    "38.9 Fieber und Schüttelfrost",
    "could not pee all night",
    "pushed the shopping cart, no fever",
    "shivering and hot, fever since lunch",
    "",
)
AGO = (1, 2, 5, 29, 32, 33, 60, 200)  # days; from 31 on a day is one of the past
scores = st.integers(0, 20).map(lambda half: half / 2)
sites = st.sampled_from([("lumbar", "left"), ("lumbar", "right"), ("cervical", "both")])
pains = st.lists(st.tuples(sites, scores), min_size=0, max_size=3, unique_by=lambda one: one[0]).map(
    lambda found: [{"region": region, "side": side, "average": score} for (region, side), score in found]
)
medications = st.lists(
    st.sampled_from(
        [
            {"code": "10689", "dose": 50, "unit": "mg", "times": 2},
            {"name": "morphine", "dose": 10, "unit": "mg", "times": 1},
            {"name": "something else"},
        ]
    ),
    max_size=2,
)
effects = st.lists(
    st.sampled_from(
        [
            {"kind": "fever", "severity": 2},
            {"kind": "fever"},
            {"kind": "numbness", "severity": 1},
            {"kind": "weakness", "severity": 3},
        ]
    ),
    max_size=2,
)
parts = st.fixed_dictionaries(
    {"interference": scores},
    optional={
        "pain": pains,
        "medications": medications,
        "side_effects": effects,
        "note": st.sampled_from(NOTES),
        "temperature_c": st.sampled_from([36.8, 38.4]),
        "activity": st.just({"steps": 4200}),
        "flare_up": st.booleans(),
    },
)
ShownRevision = tuple[
    int, int, Entry
]  # days ago, minutes after that day's noon at which it was written, and what it says
told = st.tuples(st.sampled_from(AGO), st.integers(0, 3 * 24 * 60), parts)
histories = st.lists(told, min_size=5, max_size=9)  # in the order in which they are sent: corrections come in any
RICH: list[ShownRevision] = [
    (60, 10, {"pain": [{"region": "lumbar", "side": "left", "average": 7.5, "worst": 9}], "note": NOTES[3]}),
    (61, 10, {"side_effects": [{"kind": "fever", "severity": 2}], "medications": [{"name": "morphine"}]}),
    (5, 60, {"interference": 3.0, "note": NOTES[1]}),
    (5, 30, {"interference": 4.0, "note": "written before the one that came before"}),
    (5, 90, {"interference": 2.0, "medications": [{"code": "10689", "dose": 50, "unit": "mg", "times": 2}]}),
    (5, 90, {"interference": 2.0, "medications": [{"code": "10689", "dose": 50, "unit": "mg", "times": 2}]}),
    (2, 5, {"temperature_c": 38.4, "side_effects": []}),
    (2, 8, {"temperature_c": 36.8, "side_effects": [{"kind": "fever"}]}),
    (1, 0, {"pain": [], "note": "no pain at all", "flare_up": False, "activity": {"steps": 100}}),
]
RICH_SIGNS = ["bladder_or_bowel", "fever", "saddle_numbness"]  # and a fever for each month that is past


def written(history: list[ShownRevision], now: datetime) -> list[Entry]:
    """The entries of a history as they go over the wire."""
    out = []
    for ago, minutes, said in history:
        on = now.date() - timedelta(days=ago)
        at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC) + timedelta(minutes=minutes)
        out.append({"date": on.isoformat(), "recorded_at": min(at, now).isoformat(), **said})
    return out


async def a_patient(service: Service, treated: int) -> str:
    """Somebody whose procedure was done so many days ago."""
    made = await service("cleo", "POST", "/v1/patients", json={"name": "Ada Muster", **NEW})
    body = {"region": "lumbar", "laterality": "left", "performed_on": str(utc_now().date() - timedelta(days=treated))}
    procedure = await service("cleo", "POST", f"/v1/patients/{made.json()['id']}/procedures", json=body)
    assert procedure.status_code == 201, procedure.text
    return str(made.json()["id"])


async def one_by_one(service: Service, patient: str, history: list[Entry]) -> str:
    for one in history:
        said = {name: part for name, part in one.items() if name != "date"}
        answer = await service("cleo", "PUT", f"/v1/patients/{patient}/diary/{one['date']}", json=said)
        assert answer.status_code in (200, 201), answer.text
    return patient


async def at_once(service: Service, patient: str, history: list[Entry]) -> str:
    answer = await service("cleo", "POST", f"/v1/patients/{patient}/diary", json={"entries": history})
    assert "rejected" not in {item["status"] for item in answer.json()["items"]}, answer.text
    return patient


async def by_file(service: Service, patient: str, history: list[Entry]) -> str:
    lines = "\n".join(json.dumps(one) for one in history)
    url = service.app.state.settings.database_url.get_secret_value()
    done = reprieve("import", "-", "--patient", patient, stdin=lines, url=url)
    assert done.returncode == 0, done.stderr
    return patient


async def by_record(service: Service, patient: str, history: list[Entry]) -> str:
    """A record as a clinic exports it, brought to the other one, where the patient has another id."""
    await one_by_one(service, patient, history)
    record = (await service("cleo", "GET", f"/v1/patients/{patient}/record")).json()
    brought = await service("other", "POST", "/v1/records", json=record)
    assert (brought.status_code, brought.json()["notes"]) == (201, []), brought.text
    return str(brought.json()["patient_id"])


async def kept(service: Service, patient: str) -> dict[str, Any]:
    """Everything that is held of a diary, apart from what differs honestly."""
    patient_id = UUID(patient)
    async with service.app.state.database.read() as connection:

        async def rows(model: Any) -> Any:  # a table's model and its rows
            query = select(table(model)).where(col(model.patient_id) == patient_id)
            return wholes(model, (await connection.execute(query)).all())

        revisions, days, flags, events = [await rows(m) for m in (DiaryRevision, DiaryDay, Flag, AuditEvent)]
    return {
        "revisions": sorted(
            (r.date, r.revision, r.recorded_at, r.ranks_at, json.dumps(r.content, sort_keys=True), r.opioid_mme)
            for r in revisions
        ),
        "days": sorted((d.date, d.revision, d.revisions, _shown(d.shown)) for d in days),
        "flags": sorted(map(_flag, flags)),
        "events": {(e.action, e.resource) for e in events if e.resource == "diary" and e.action != "read"},
    }


def _shown(text: str | None) -> str:
    said = json.loads(text or "{}")
    return json.dumps({name: part for name, part in said.items() if name != "received_at"}, sort_keys=True)


def _flag(one: Flag) -> tuple[object, ...]:
    whole: tuple[object, ...] = (one.says, one.first_on, one.last_on, one.evidence)
    return one.kind, one.cause, one.severity, one.state, *(() if one.severity == "later" else whole)


WAYS = (one_by_one, at_once, by_file, by_record)


async def by_all(service: Service, entries: list[Entry], *, treated: int) -> dict[str, dict[str, Any]]:
    """What is held of the same history by each way, each of a patient who was treated so many days ago."""
    return {
        way.__name__: await kept(service, await way(service, await a_patient(service, treated), entries))
        for way in WAYS
    }


@pytest.mark.anyio
@given(histories)
@example(RICH)
@settings(
    max_examples=3,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_one_history_is_kept_flagged_and_audited_alike_by_every_way(
    service: Service, clock: Clock, history: list[ShownRevision]
) -> None:
    clock.now = utc_now()  # the command has no other clock
    await service.sign_in_again()
    entries = written(history, clock.now - timedelta(hours=1))
    found = await by_all(service, entries, treated=400)
    first = found["one_by_one"]
    assert first["events"] == {("change", "diary")}
    assert {on for on, *_ in first["days"]} == {date.fromisoformat(one["date"]) for one in entries}
    if history is RICH:
        months = {entry["date"][:7] for entry, (ago, *_) in zip(entries, history, strict=True) if ago >= 60}
        signs = sorted(flag[1].split()[0] for flag in first["flags"])
        assert signs == sorted([*RICH_SIGNS, *("fever" for _ in months)])
    for way, other in found.items():
        assert other == first, way


@pytest.mark.anyio
async def test_a_rise_in_the_first_days_is_told_by_every_way(service: Service, clock: Clock) -> None:
    """Where nothing is corrected the day before is the same for all."""
    clock.now = utc_now()
    await service.sign_in_again()
    today, left = clock.now.date(), {"region": "lumbar", "side": "left"}
    entries: list[Entry] = [
        {"date": str(today - timedelta(days=ago)), "pain": [{**left, "average": score}]}
        for ago, score in ((3, 4.0), (2, 8.5))
    ]
    for treated, signs in ((400, []), (4, ["rising_pain"])):
        for way, one in (await by_all(service, entries, treated=treated)).items():
            assert [flag[1].split()[0] for flag in one["flags"]] == signs, way


WRITES = {"keep", "INSERT_REVISION", "UPSERT_DAY", "revision_row", "day_row"}  # of `writings.py`
STATEMENTS = {
    "insert",
    "update",
    "delete",
    "upsert",
    "upsert_for",
    "insert_new",
    "insert_new_for",
    "prepared_insert",
    "prepared_insert_new",
    "prepared_by_dialect",
    "insert_together",
}
TABLES = {"DiaryRevision", "DiaryDay", "diary_revision", "diary_day"}
OWN = {"record/diary/writings.py", "record/diary/tables.py"}


def ways_round(source: str) -> Iterator[str]:
    """Where a module keeps writings of the diary itself: by a function of `writings.py`, or a statement of its own."""
    tree = ast.parse(source)
    whose = set(TABLES)  # the names under which it has the tables
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                if node.module == "app.record.diary.writings":
                    if one.name in WRITES:
                        yield f"{node.lineno}: {one.name}"
                    whose |= {one.asname or one.name} if one.name in ("revision", "day") else set()
                elif one.name == "writings" or (one.asname or one.name) in TABLES:
                    modules.add(one.asname or one.name)
        if isinstance(node, ast.Assign) and "table(" in ast.unparse(node.value) and _names(node.value) & TABLES:
            whose |= {name for target in node.targets for name in _names(target)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in WRITES and ast.unparse(node.value) in modules:
            yield f"{node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and _called(node) in STATEMENTS and _first(node) & whose:
            yield f"{node.lineno}: {ast.unparse(node)[:60]}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.lower().replace('"', " ").split()
            if {"diary_revision", "diary_day"} & set(words) and {"insert", "update", "delete"} & set(words):
                yield f"{node.lineno}: a statement as text"


def _first(call: ast.Call) -> set[str]:
    """The names in what a statement is about: its table, which is the first argument or named `into`."""
    about = [*call.args, *(k.value for k in call.keywords if k.arg in ("into", "table"))]
    return {name for one in about for name in _names(one)}


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_nobody_keeps_a_writing_but_the_door() -> None:
    found = {}
    for file in sorted(APP.rglob("*.py")):
        name = file.relative_to(APP).as_posix()
        if name not in OWN:
            found[name] = list(ways_round(file.read_text()))
    ways = {name: [one.split(": ")[1] for one in how] for name, how in found.items() if how}
    assert ways == {"record/diary/door.py": ["keep"]}


@pytest.mark.parametrize(
    "source",
    [
        "from app.record.diary.writings import keep",
        "from app.record.diary.writings import keep as store",
        "from app.record.diary import writings\nasync def f(c): await writings.keep(c)",
        "from app.record.diary.writings import revision\nS = insert(revision)",
        "from app.record.diary.writings import day as d\nS = update(d).where(True)",
        "from app.record.diary.tables import DiaryDay\nS = prepared_insert(table(DiaryDay))",
        "from app.record.diary.tables import DiaryDay\nmine = table(DiaryDay)\nS = sqlite.insert(mine)",
        "S = text('INSERT INTO diary_revision VALUES (1)')",
    ],
)
def test_each_way_round_would_be_found(source: str) -> None:
    assert list(ways_round(source))


def test_the_demo_and_the_command_and_the_record_come_by_the_door() -> None:
    """Every module that makes entries of a diary hands them to `take_in`."""
    using = {
        file.relative_to(APP).as_posix()
        for file in APP.rglob("*.py")
        if "take_in(" in file.read_text() and file.name != "door.py"
    }
    assert using == {
        "doors/commands/import_recording.py",
        "doors/demo/build.py",
        "record/diary/service.py",
        "record/whole/bring_in.py",
    }
