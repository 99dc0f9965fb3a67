"""Which tests reach which line, and how long each takes."""

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

OPTIONS = (
    *("-p", "no:cacheprovider", "-n0", "-q", "-k", "not postgresql"),
    *("--override-ini=addopts=", "--override-ini=filterwarnings="),
)
HEAVY = (
    "fastapi",
    "httpx",
    "hypothesis",
    "numpy",
    "scipy.stats",
    "sqlalchemy.ext.asyncio",
    "sqlmodel",
    "asyncpg",
    "icalendar",
)


SLOWEST = 6  # tests that are tried besides the quickest


@dataclass(frozen=True)
class Reach:
    """Tests by file and line, seconds by test, and by file the lines that ran outside of any."""

    tests: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]
    outside: dict[str, list[str]]

    def tests_of(self, path: Path, line: int, most: int = 60) -> list[str]:
        """The tests that reach a line: those of its own room first, the quickest first, and a few of the slowest at last.

        A line that runs outside of any test, when a module is imported or for whoever asks first, belongs to every test
        that reaches the module, or else to every one of the wing.
        """
        of_file = self.tests.get(str(path.resolve()), {})
        found = set(of_file.get(line, []))
        if not found and str(line) in self.outside.get(str(path.resolve()), ()):
            found = {test for tests in (of_file or {}).values() for test in tests} or set(self.seconds)
        own = Path("tests", *path.parent.parts[path.parent.parts.index("app") + 1 :]).as_posix()
        ordered = sorted(found, key=lambda test: (not test.startswith(f"{own}/"), self.seconds.get(test, 0.0)))
        return ordered if len(ordered) <= most else [*ordered[: most - SLOWEST], *ordered[-SLOWEST:]]


class _Clock:
    """Writes how long each test takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds up setup, call and teardown."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration


def run_tests(arguments: list[str], *plugins: object) -> int:
    """pytest in this process, with none of the options that make it start others."""
    return int(pytest.main([*OPTIONS, *arguments], plugins=list(plugins)))


def learn(tests: list[str], wing: str) -> Reach:
    """Runs the tests once in a process of its own, and tells what each reached in a wing."""
    for module in HEAVY:
        __import__(module)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "reach.json"
        if os.fork() == 0:
            os._exit(_record(tests, wing, out))
        _, status = os.wait()
        if status != 0:
            sys.exit("the tests fail without any fault")
        made = json.loads(out.read_text())
    lines = {path: {int(line): names for line, names in found.items()} for path, found in made["tests"].items()}
    return Reach(lines, made["seconds"], made["outside"])


def _record(tests: list[str], wing: str, out: Path) -> int:
    clock = _Clock()
    measured = coverage.Coverage(data_file=None, source=[f"app/{wing}"], concurrency=["thread", "greenlet"])
    measured.start()
    code = run_tests(tests, clock, _Contexts(measured))
    measured.stop()
    data = measured.get_data()
    found = {
        path: {line: [c for c in names if c] for line, names in data.contexts_by_lineno(path).items()}
        for path in data.measured_files()
    }
    outside = {
        path: [str(line) for line, names in data.contexts_by_lineno(path).items() if "" in names]
        for path in data.measured_files()
    }
    out.write_text(json.dumps({"tests": found, "seconds": clock.seconds, "outside": outside}))
    return code


class _Contexts:
    """Tells the measuring which test runs, its fixtures included."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """From here on lines belong to this test."""
        self._measured.switch_context(nodeid)
