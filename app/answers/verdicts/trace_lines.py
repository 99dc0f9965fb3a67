"""`reprieve trace`: NDJSON diaries in, NDJSON verdicts out, with no server and no database.

Kept free of the web framework and the database, so that the command starts at once.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import date
from itertools import islice
from typing import TypeGuard

import numpy as np

from app.relief import BOTH, Definition, Diary, DurationPrior, Procedure, Trace, trace_all
from app.rules.parameters import settling_days
from app.rules.words import LATERALITIES, REGIONS

FIRST, LAST = date(1990, 1, 1), date(2199, 12, 31)
LONGEST = 366 * 60  # days after the procedure
CHUNK = 24  # lines handed to a process at a time
NOTHING = float("nan")
DAY = ("date", "phase", "relief_percent", "return_probability", "level", "level_low", "level_high")
MOST = {"pain_average": 10.0, "pain_worst": 10.0, "opioid_mme": 10_000.0, "steps": 1_000_000.0}


class BadLine(Exception):
    """A line that is not a valid diary; the message names the field at fault."""


def trace_lines(
    lines: Iterable[bytes], jobs: int, definition: Definition = "half", *, prior: DurationPrior | None = None
) -> Iterator[tuple[str, bool]]:
    """For each line in order, the output line and whether the input was valid; memory does not grow with the file.

    Args:
        prior: how long relief has lasted in the cohort that the diaries belong to.
    """
    numbered = enumerate(lines, start=1)
    chunks = iter(lambda: list(islice(numbered, CHUNK)), [])
    if jobs == 1:
        for chunk in chunks:
            yield from _trace_chunk(chunk, definition, prior)
        return
    waiting: deque[Future[list[tuple[str, bool]]]] = deque()
    with ProcessPoolExecutor(jobs) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(_trace_chunk, chunk, definition, prior))
            if len(waiting) > 3 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _trace_chunk(
    chunk: list[tuple[int, bytes]], definition: Definition, prior: DurationPrior | None
) -> list[tuple[str, bool]]:
    """A few lines at once: the engine is quicker with several diaries side by side."""
    out: dict[int, tuple[str, bool]] = {}
    good: dict[int, tuple[str | int, Diary, Procedure]] = {}
    for number, line in chunk:
        data: object = None
        try:
            data = _decode(line)
            name, diary, procedure = read_diary(data)
            good[number] = name, diary, procedure
        except BadLine as error:
            named = data.get("id") if isinstance(data, dict) else None
            found = {"id": named if _is_name(named) else None, "line": number, "error": str(error)}
            out[number] = _dump(found), False
    traces = trace_all([(diary, procedure) for _, diary, procedure in good.values()], definition, prior=prior)
    for (number, (name, *_)), traced in zip(good.items(), traces, strict=True):
        out[number] = _write(name, traced), True
    return [out[number] for number, _ in chunk]


def trace_line(line: bytes, number: int, definition: Definition = "half") -> tuple[str, bool]:
    """The output line for one line of NDJSON, and whether the input was valid."""
    return _trace_chunk([(number, line)], definition, None)[0]


def read_diary(data: object) -> tuple[str | int, Diary, Procedure]:
    """The id, the diary and the procedure of one line.

    Raises:
        BadLine: names the field at fault.
    """
    if not isinstance(data, dict):
        raise BadLine("the line is no JSON object")
    name = data.get("id")
    if not _is_name(name):
        raise BadLine("id: is missing, or neither text nor a whole number")
    procedure = _procedure(data)
    entries = data.get("entries")
    if not isinstance(entries, list):
        raise BadLine("entries: is missing, or no list")
    return name, _diary(entries, procedure), procedure


def _is_name(value: object) -> TypeGuard[str | int]:
    """Text that can be written again, or a whole number."""
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, int) and not isinstance(value, bool)


def _decode(line: bytes) -> object:
    text = line.strip()
    if not text:
        raise BadLine("the line is empty")
    try:
        data: object = json.loads(text)
        return data
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise BadLine(f"not JSON at character {error.pos + 1}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise BadLine("not JSON that can be read: nested too deep, or a number too long") from None


def _procedure(data: dict[str, object]) -> Procedure:
    given = data.get("procedure")
    if not isinstance(given, dict):
        raise BadLine("procedure: is missing, or no object")
    for name, allowed in (("region", REGIONS), ("laterality", LATERALITIES)):
        if given.get(name) not in allowed:
            raise BadLine(f"procedure.{name}: is none of {', '.join(allowed)}")
    performed_on = _day(given.get("performed_on"), "procedure.performed_on")
    baseline = _number(data.get("baseline_pain"), "baseline_pain", most=10)
    return Procedure(
        performed_on,
        given["laterality"],
        None if baseline != baseline else baseline,
        settles=settling_days(given["region"]),
    )


def _diary(entries: list[object], procedure: Procedure) -> Diary:
    n = len(entries)
    day, known = [0] * n, [0] * n
    columns: dict[str, list[float]] = {name: [NOTHING] * n for name in MOST}
    limit = procedure.performed_on.toordinal() + LONGEST
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise BadLine(f"entries[{i}]: is no object")
        day[i] = on = _day(entry.get("date"), "date", i).toordinal()
        written = entry.get("recorded_on")
        known[i] = on if written is None or written == entry["date"] else _day(written, "recorded_on", i).toordinal()
        if known[i] < on:
            raise BadLine(f"entries[{i}].recorded_on: lies before the day that the entry is about")
        if known[i] > limit:
            raise BadLine(f"entries[{i}]: lies more than 60 years after the procedure")
        for name, most in MOST.items():
            value = entry.get(name)
            if value is not None:
                columns[name][i] = _number(value, name, most=most, entry=i)
    average, worst, mme, steps = (np.array(column) for column in columns.values())
    written_on = np.array(known, dtype=np.int64)
    order = np.argsort(written_on, kind="stable")
    sites, worst_sites = np.full((n, 3), NOTHING), np.full((n, 3), NOTHING)
    sites[:, BOTH], worst_sites[:, BOTH] = average, worst
    return Diary(np.array(day, dtype=np.int64), written_on, sites, worst_sites, mme, steps, np.full(n, NOTHING)).take(
        order
    )


def _day(value: object, name: str, entry: int | None = None) -> date:
    try:
        if isinstance(value, str) and len(value) == 10:
            day = date.fromisoformat(value)
            if FIRST <= day <= LAST:
                return day
    except ValueError:
        pass
    raise BadLine(f"{_place(name, entry)}: is no day from {FIRST.year} to {LAST.year}, written YYYY-MM-DD")


def _number(value: object, name: str, *, most: float, entry: int | None = None) -> float:
    if value is None:
        return NOTHING
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    raise BadLine(f"{_place(name, entry)}: is no number from 0 to {most:g}")


def _place(name: str, entry: int | None) -> str:
    return name if entry is None else f"entries[{entry}].{name}"


def _write(name: str | int, traced: Trace) -> str:
    v = traced.verdict
    daily = traced.days
    columns = (
        [day.isoformat() for day in traced.date],
        daily.phase,
        daily.relief_percent,
        daily.return_probability,
        daily.level,
        daily.low,
        daily.high,
    )
    days = [dict(zip(DAY, row, strict=True)) for row in zip(*columns, strict=True)]
    verdict = {
        "baseline_pain": v.baseline.pain,
        "watched_from": _text(v.watched_from),
        "onset_on": _text(v.onset_on),
        "onset_low": _text(v.onset_low),
        "onset_high": _text(v.onset_high),
        "returned_on": _text(v.returned.on),
        "returned_on_low": _text(v.returned.low),
        "returned_on_high": _text(v.returned.high),
        "relief_days": v.relief_days,
        "held_days": v.held_days,
        "censored": v.censored,
        "spells": [_dated(vars(one)) for one in v.spells],
        "forecast": None if v.forecast is None else _dated(vars(v.forecast)),
    }
    return _dump({"id": name, "days": days, "verdict": verdict})


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _dated(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _dump(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
