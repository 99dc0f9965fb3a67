"""Puts faults into a wing, one at a time, and runs the tests that reach the line, the quickest of its room first.

Each fault lives in a process of its own, forked from one that has everything imported; no file is changed. First the wing's
tests run once, to learn which of them reach which line, and how long each takes. Tests on PostgreSQL are left out: each has
a twin on SQLite.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.mutants.reach import Reach, learn
from tests.mutants.sites import Site, mutated, sites

WINGS = {  # the tests of each
    "relief": ["tests/relief", "tests/answers/verdicts"],
    "rules": ["tests/rules", "tests/answers", "tests/alerts/flags", "tests/record"],
    "access": ["tests/access", "tests/test_clinics_apart.py", "tests/record", "tests/work", "tests/doors/pages"],
}
LONGEST = 120  # seconds for a fault; a test that never ends has noticed it
SEED = 13


def main() -> None:
    """A table of the faults that no test noticed, and the share of those that one did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wing", choices=WINGS)
    parser.add_argument("many", nargs="?", type=int, default=300)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    reach = learn(WINGS[asked.wing], asked.wing)
    everything = [site for path in sorted(Path("app", asked.wing).rglob("*.py")) for site in sites(path)]
    chosen = random.Random(asked.seed).sample(everything, min(asked.many, len(everything)))
    print(
        f"{len(everything)} faults can be put into app/{asked.wing}; {len(chosen)} are, seed {asked.seed}", flush=True
    )
    ends = _try_all(chosen, reach, asked.jobs)
    for site, end in sorted(ends.items(), key=lambda one: (str(one[0].path), one[0].line)):
        if end in ("survived", "no test reaches it"):
            print(f"  {site.path}:{site.line}: {site.what}: {end}")
    count = Counter(ends.values())
    noticed = count["noticed"] + count["never ended"]
    print(f"app/{asked.wing}: {noticed} of {len(chosen)} noticed ({100 * noticed / len(chosen):.1f} %), {dict(count)}")


def _try_all(chosen: Sequence[Site], reach: Reach, jobs: int) -> dict[Site, str]:
    ends: dict[Site, str] = {}
    running: dict[int, tuple[Site, float]] = {}
    waiting = list(reversed(chosen))
    while waiting or running:
        while waiting and len(running) < jobs:
            site = waiting.pop()
            tests = reach.tests_of(site.path, site.line)
            if not tests:
                ends[site] = "no test reaches it"
                continue
            running[_start(site, tests)] = site, time.monotonic()
        time.sleep(0.02)
        for process, (site, begun) in list(running.items()):
            done, status = os.waitpid(process, os.WNOHANG)
            if not done and time.monotonic() - begun > LONGEST:
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)
                done, status = process, -1
            if done:
                del running[process]
                ends[site] = "never ended" if status == -1 else "survived" if status == 0 else "noticed"
                so_far = sum(end in ("noticed", "never ended") for end in ends.values())
                # a run that is stopped has said how far it came
                print(f"{len(ends)}/{len(chosen)}, {so_far} noticed", end="\r", file=sys.stderr, flush=True)
    return ends


def _start(site: Site, tests: list[str]) -> int:
    process = os.fork()
    if process:
        return process
    os.setsid()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    try:
        code = _run(site, tests)
    except BaseException:
        code = 1
    os._exit(code)


def _run(site: Site, tests: list[str]) -> int:
    """0 where every test passes with the fault."""
    from tests.mutants.reach import run_tests
    from tests.mutants.shadow import shadow

    shadow(site.path, mutated(site))
    return run_tests(["-x", *tests])


if __name__ == "__main__":
    main()
