"""What a picture and a report cost, for a year and for ten, each beside the verdict that they show.

python -m tests.benchmarks.pictures
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any, cast
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from app.answers.follow_up.service import follow_up
from app.answers.follow_up.typeset import report
from app.answers.pictures.collect import picture_content
from app.answers.pictures.content import PictureContent
from app.answers.pictures.description import in_words
from app.answers.pictures.render import to_png, to_svg
from app.answers.pictures.spec import spec
from app.answers.verdicts.context import VerdictContext
from app.answers.verdicts.engine_input import to_diary
from app.answers.verdicts.record import PatientRecord
from app.answers.verdicts.schemas import VerdictOut
from app.answers.verdicts.sentence import sentence
from app.answers.verdicts.verdict_json import to_json
from app.doors.demo.courses import Course, entries
from app.record.diary.content import EntryContent
from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.patients.service import Person
from app.record.procedures.schemas import ProcedureIn
from app.relief import Procedure, judge
from app.rules.policies import policies

START, NOW = date(2016, 1, 5), datetime(2026, 5, 1, tzinfo=UTC)
COURSES = {
    "one year": (330, Course(7.2, 1.8, 6.6, ends=250, climb=30, mme=30, side="left")),
    "ten years": (3_650, Course(7.2, 1.8, 6.6, ends=2_900, climb=90, mme=30, side="left", logging=0.7)),
}


def context(days: int, course: Course) -> tuple[VerdictContext, float]:
    """A person's verdict with what stands around it, and the seconds that the verdict took."""
    until, clinic = START + timedelta(days=days), uuid4()
    person = Person(clinic, uuid4(), "Ada Muster", date(1961, 4, 2), "Europe/Zurich", 1, 1, NOW)
    rows = []
    for on, entry in entries(course, "lumbar", performed_on=START, until=until, seed=3):
        written = datetime(on.year, on.month, on.day, 19, tzinfo=UTC)
        rows.append(DayEntry(on, 1, written, written, cast(EntryContent, entry), 20.0))
    body = ProcedureIn(performed_on=START, region="lumbar", laterality="left", joints=["L4-5", "L5-S1"])
    own = Fact(clinic, uuid4(), person.id, 1, body, body.content(), NOW)
    begun = time.perf_counter()
    verdict = judge(
        to_diary(rows, "lumbar", laterality="left", time_zone=person.time_zone), Procedure(START, "left"), as_of=until
    )
    spent = time.perf_counter() - begun
    answer = VerdictOut.model_validate_json(
        to_json(
            verdict,
            own,
            as_known_on=None,
            effects=[],
            beside=[],
            says=sentence(verdict, body),
            end=None,
            before_first=None,
        )
    )
    return VerdictContext(answer, '"tag"', person, own, PatientRecord([own], [], [], [], []), rows), spent


def cost(what: Callable[[], Any], repeats: int = 15) -> float:
    """Median milliseconds, after one call that warms up."""
    what()
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        what()
        spent.append(time.perf_counter() - begun)
    return 1_000 * median(spent)


def draw(seen: PictureContent, words: str) -> bytes:
    """The whole way from a verdict to an SVG."""
    return to_svg(spec(seen), words)


def main() -> None:
    """Prints the table."""
    columns = ("", "verdict", "SVG", "PNG from it", "report from it", "SVG", "PNG", "report")
    table = Table(*columns, title="milliseconds, and kilobytes")
    for name, (days, course) in COURSES.items():
        about, judged = context(days, course)
        seen = picture_content(about)
        words = in_words(seen)
        svg = to_svg(spec(seen), words)
        told = follow_up(about, policies()["medicare-lcd"], None, by_half=about)
        times = [
            cost(partial(draw, seen, words)),
            cost(partial(to_png, svg)),
            cost(partial(report, told, svg, words=words, paper="a4", clinic="A clinic")),
        ]
        sizes = [len(svg), len(to_png(svg)), len(report(told, svg, words=words, clinic="A clinic", paper="a4"))]
        shown = [*(f"{t:.0f}" for t in times), *(f"{size / 1_000:.0f} kB" for size in sizes)]
        table.add_row(name, f"{1_000 * judged:.0f}", *shown)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
