import json
import os
import pty
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from app.answers.verdicts.trace_lines import trace_line
from app.doors.commands.common import Refusal
from app.doors.commands.trace import cohort_of
from tests.benchmarks.diaries import START, make
from tests.benchmarks.mixes import TYPICAL
from tests.commands import environment, json_lines, reprieve

GOOD = {
    "id": "p1",
    "procedure": {"performed_on": "2025-01-10", "region": "lumbar", "laterality": "bilateral"},
    "baseline_pain": 7.0,
    "entries": [{"date": "2025-01-11", "recorded_on": "2025-01-13", "pain_average": 5, "pain_worst": 7}],
}


WELL = [
    {"date": f"{date.fromordinal(START.toordinal() + d)}", "pain_average": 7 if d < 6 else 1.5} for d in range(-14, 100)
]


def one(**changes: object) -> str:
    return json.dumps(GOOD | changes)


def test_a_line_out_for_each_line_in_with_every_day(tmp_path: Path) -> None:
    done = reprieve("trace", "-", stdin=one() + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    (out,) = json_lines(done.stdout)
    assert list(out) == ["id", "days", "verdict"]
    assert [d["date"] for d in out["days"]] == ["2025-01-11", "2025-01-12", "2025-01-13"]
    assert [d["relief_percent"] is None for d in out["days"]] == [True, True, False]
    assert set(out["verdict"]) == {
        "baseline_pain",
        "watched_from",
        "onset_on",
        "onset_low",
        "onset_high",
        "returned_on",
        "returned_on_low",
        "returned_on_high",
        "relief_days",
        "held_days",
        "censored",
        "spells",
        "forecast",
    }
    assert list(out["days"][0])[-3:] == ["level", "level_low", "level_high"]
    assert (out["verdict"]["spells"], out["verdict"]["forecast"]) == ([], None)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "the line is empty"),
        ('{"id": "p1", "proc', "not JSON at character"),
        ("[]", "the line is no JSON object"),
        ("[" * 100_000, "not JSON that can be read"),
        (one(id=None), "id: "),
        (one(procedure={}), "procedure.region: "),
        (one(procedure=GOOD["procedure"] | {"performed_on": "2025-02-30"}), "procedure.performed_on: "),  # type: ignore[operator]  # JSON
        (one(procedure=GOOD["procedure"] | {"laterality": "up"}), "procedure.laterality: "),  # type: ignore[operator]  # JSON
        (one(baseline_pain=11), "baseline_pain: "),
        (one(baseline_pain="7"), "baseline_pain: "),
        (one(entries={}), "entries: "),
        (one(entries=[3]), "entries[0]: "),
        (one(entries=[{"date": "2025-01-11", "pain_average": 11}]), "entries[0].pain_average: "),
        (one(entries=[{"date": "2025-01-11", "pain_average": True}]), "entries[0].pain_average: "),
        (one(entries=[{"date": "2025-01-11", "pain_average": float("nan")}]), "entries[0].pain_average: "),
        (one(entries=[{"date": "1800-01-11"}]), "entries[0].date: "),
        (one(entries=[{"date": "2025-01-11", "recorded_on": "2025-01-10"}]), "entries[0].recorded_on: "),
        (one(entries=[{"date": "2190-01-11"}]), "entries[0]: lies more than 60 years"),
    ],
)
def test_a_bad_line_is_named_with_its_place(line: str, says: str) -> None:
    out, good = trace_line(line.encode(), 7)
    answer = json.loads(out)
    assert not good
    assert answer["line"] == 7
    assert says in answer["error"]
    assert answer["id"] == ("p1" if line.startswith('{"id": "p1", "procedure"') else None)


def test_bytes_that_are_not_utf8_are_named() -> None:
    assert "not UTF-8 at byte" in trace_line(b'{"id": "\xff"}', 1)[0]


def test_entries_may_come_in_any_order_and_a_later_writing_counts_from_its_day() -> None:
    entries = [{"date": f"2025-01-{d:02}", "recorded_on": f"2025-01-{d:02}", "pain_average": 3} for d in range(11, 31)]
    again = {"date": "2025-01-12", "recorded_on": "2025-01-20", "pain_average": 9}
    forth = json.loads(trace_line(one(entries=[*entries, again]).encode(), 1)[0])
    back = json.loads(trace_line(one(entries=[again, *entries[::-1]]).encode(), 1)[0])
    without = json.loads(trace_line(one(entries=entries).encode(), 1)[0])
    assert forth == back
    same = [a == b for a, b in zip(forth["days"], without["days"], strict=True)]
    assert all(same[:9])
    assert not same[9]


@pytest.mark.unmeasured
def test_the_run_goes_on_after_a_bad_line_in_order_and_with_many_processes(tmp_path: Path) -> None:
    lines = [json.dumps(make(TYPICAL, seed).line) for seed in range(70)]
    lines[13] = "{"
    file = tmp_path / "diaries.ndjson"
    file.write_text("\n".join(lines) + "\n")
    alone = reprieve("trace", str(file))
    together = reprieve("trace", str(file), "--jobs", "2")
    assert (alone.returncode, together.returncode) == (1, 1)
    assert alone.stdout == together.stdout
    out = json_lines(alone.stdout)
    assert [o["id"] for o in out[:14]] == [f"typical-{i}" for i in range(13)] + [None]
    assert out[13]["line"] == 14
    assert len(out) == 70
    assert (alone.stderr, together.stderr) == ("", "")


def test_a_file_that_is_not_there_and_a_wrong_option() -> None:
    missing = reprieve("trace", "nowhere.ndjson")
    assert (missing.returncode, missing.stderr) == (2, "reprieve: nowhere.ndjson: No such file or directory\n")
    assert reprieve("trace", "-", "--definition", "third").returncode == 2
    assert reprieve("trace", "-", "--jobs", "0").returncode == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no JSON"),
        ("[]", "is no JSON object of median_days, log_sd, n"),
        ('{"median_days": 240, "log_sd": 0.6}', "is no JSON object of median_days, log_sd, n"),
        ('{"median_days": "240", "log_sd": 0.6, "n": 30}', "median_days is no number"),
        ('{"median_days": 240, "log_sd": 0.6, "n": 30.5}', "n is no whole number"),
        ('{"median_days": 240, "log_sd": true, "n": 30}', "log_sd is no number"),
        ('{"median_days": -1, "log_sd": 0.6, "n": 30}', "a prior needs median_days"),
        ('{"median_days": 240, "log_sd": 0.6, "n": 1' + "0" * 400 + "}", "a prior needs median_days"),
        ('{"median_days": NaN, "log_sd": 0.6, "n": 30}', "a prior needs median_days"),
    ],
)
def test_a_cohort_that_is_none_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "cohort.json"
    file.write_text(text)
    with pytest.raises(Refusal) as refused:
        cohort_of(file)
    assert str(refused.value).startswith(f"--prior: {file}: {says}")


def test_a_cohort_of_short_relief_brings_the_forecast_forward(tmp_path: Path) -> None:
    file, lines = tmp_path / "cohort.json", json.dumps(make(TYPICAL, 7).line | {"entries": WELL}) + "\n"
    file.write_text('{"median_days": 120, "log_sd": 0.5, "n": 300}')
    alone, beside = (
        json_lines(reprieve("trace", "-", *more, stdin=lines).stdout) for more in ((), ("--prior", str(file)))
    )
    chances = [out[0]["verdict"]["forecast"]["return_within_90_days"] for out in (alone, beside)]
    assert chances[1] > chances[0] + 0.2
    missing = reprieve("trace", "-", "--prior", "nowhere.json", stdin=lines)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == "reprieve: --prior: nowhere.json: No such file or directory\n"


@pytest.mark.parametrize("name", ['"\\ud800"', "true", "1.5", "null"])
def test_a_name_that_is_none_is_an_error_of_its_line(name: str) -> None:
    bad = json.dumps({**json.loads(one()), "id": "BAD"}).replace('"BAD"', name)
    done = reprieve("trace", "-", stdin=f"{bad}\n{one()}\n")
    wrong, right = json_lines(done.stdout)
    assert (wrong["line"], wrong["error"]) == (1, "id: is missing, or neither text nor a whole number")
    assert right["id"] == "p1"


def test_an_empty_file_is_no_fault(tmp_path: Path) -> None:
    done = reprieve("trace", "-")
    assert (done.returncode, done.stdout) == (0, "")


def test_progress_shows_on_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "one.ndjson"
    file.write_text(one() + "\n")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "app", "trace", str(file)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(TERM="xterm"),
        check=True,
    )
    os.close(theirs)
    assert b"tracing" in os.read(ours, 10_000)
    os.close(ours)
    assert json_lines(done.stdout.decode())[0]["id"] == "p1"
