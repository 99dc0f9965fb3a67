"""What a picture and a report cost, for a year and for ten, each beside the verdict that they show.

python -m tests.benchmarks.pictures
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from app.answers.follow_up.service import follow_up
from app.answers.follow_up.typeset import report
from app.answers.pictures.collect import seen_in
from app.answers.pictures.content import Seen
from app.answers.pictures.description import in_words
from app.answers.pictures.render import to_png, to_svg
from app.answers.pictures.spec import spec
from app.answers.verdicts.context import Background
from app.answers.verdicts.engine_input import EntryRow, to_diary
from app.answers.verdicts.record import Around
from app.answers.verdicts.verdict_json import to_json
from app.doors.demo.courses import Course, entries
from app.relief import Procedure, judge
from app.rules.policies import policies

START = date(2016, 1, 5)
COURSES = {"one year": (330, Course(7.2, 1.8, 6.6, ends=250, climb=30, mme=30, side="left")),
           "ten years": (3_650, Course(7.2, 1.8, 6.6, ends=2_900, climb=90, mme=30, side="left", logging=0.7))}  # fmt: skip


def background(days: int, course: Course) -> tuple[Background, float]:
    """A person's verdict with what stands around it, and the seconds that the verdict took."""
    until = START + timedelta(days=days)
    rows = [
        EntryRow(on, entry, 20.0, datetime(on.year, on.month, on.day, 19, tzinfo=UTC))
        for on, entry in entries(course, "lumbar", START, until, 3)
    ]
    own = {
        "id": uuid4(),
        "performed_on": START.isoformat(),
        "region": "lumbar",
        "laterality": "left",
        "joints": ["L4-5", "L5-S1"],
    }
    begun = time.perf_counter()
    verdict = judge(to_diary(rows, "lumbar", "left", "Europe/Zurich"), Procedure(START, "left"), until)
    spent = time.perf_counter() - begun
    body = json.loads(to_json(verdict, own, None, [], []))
    person: Any = SimpleNamespace(id=uuid4(), name="Ada Muster", born_on=date(1961, 4, 2), time_zone="Europe/Zurich")
    kept: Any = rows
    return Background(body, '"tag"', person, own, Around([own], [], [], []), [], kept), spent


def cost(what: Callable[[], Any], repeats: int = 15) -> float:
    """Median milliseconds, after one call that warms up."""
    what()
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        what()
        spent.append(time.perf_counter() - begun)
    return 1_000 * median(spent)


def draw(seen: Seen, words: str) -> bytes:
    """The whole way from a verdict to an SVG."""
    return to_svg(spec(seen), words)


def main() -> None:
    """Prints the table."""
    columns = ("", "verdict", "SVG", "PNG from it", "report from it", "SVG", "PNG", "report")
    table = Table(*columns, title="milliseconds, and kilobytes")
    for name, (days, course) in COURSES.items():
        about, judged = background(days, course)
        seen = seen_in(about)
        words = in_words(seen)
        svg = to_svg(spec(seen), words)
        told = follow_up(about, policies()["medicare-lcd"], None)
        times = [
            cost(partial(draw, seen, words)),
            cost(partial(to_png, svg)),
            cost(partial(report, told, svg, words, "a4")),
        ]
        sizes = [len(svg), len(to_png(svg)), len(report(told, svg, words, "a4"))]
        shown = [*(f"{t:.0f}" for t in times), *(f"{size / 1_000:.0f} kB" for size in sizes)]
        table.add_row(name, f"{1_000 * judged:.0f}", *shown)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
