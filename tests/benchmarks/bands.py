"""How often the 90 % band of the level holds the true level, by the phase that was said on the day.

    python -m tests.benchmarks.bands [DIARIES] [FOLDER]

Each day as it was judged on that day, on generated diaries with seeds from 500 000 on, and, where a FOLDER is given, on the
pattern of real people as in `tests/benchmarks/real.py`. Uses all cores.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import get_args

from app.answers.verdicts.trace_lines import read_diary
from app.relief import Phase, trace_all
from tests.benchmarks.detection import HELD_OUT
from tests.benchmarks.diaries import AssembledVerdict, make
from tests.benchmarks.mixes import BREAKING, LIVES, MIXES, WIDE
from tests.benchmarks.real import made, series_in

PHASES = [phase for phase in get_args(Phase) if phase != "unknown"]
Held = dict[str, tuple[int, int]]


def held_by_phase(diaries: Sequence[AssembledVerdict]) -> Held:
    """For each phase, the days on which the band held the true level, and all days."""
    held: defaultdict[str, list[bool]] = defaultdict(list)
    traces = trace_all([read_diary(one.line)[1:] for one in diaries])
    for one, seen in zip(diaries, traces, strict=True):
        days = zip(seen.days.phase, seen.days.low, seen.days.high, one.level[1:].tolist(), strict=False)
        for phase, low, high, true in days:
            if low is not None and high is not None:
                held[phase].append(low <= true <= high)
    return {phase: (sum(some), len(some)) for phase, some in held.items()}


def line(name: str, found: Held) -> str:
    """A line of the table."""
    cells = [f"{found[p][0] / found[p][1]:12.2f}" if p in found else f"{'-':>12}" for p in PHASES]
    return f"{name:18}" + "".join(cells)


def _row(task: tuple[str, Callable[[int], AssembledVerdict], range]) -> str:
    name, one, seeds = task
    return line(name, held_by_phase([one(seed) for seed in seeds]))


def main(count: int, folder: Path | None) -> None:
    """Prints the table."""
    print(f"{count} diaries a row: share of days on which the 90 % band of the level holds the true level\n")
    print(f"{'diaries':18}" + "".join(f"{phase:>12}" for phase in PHASES))
    tasks: list[tuple[str, Callable[[int], AssembledVerdict], range]] = [
        (mix.name, partial(make, mix), range(HELD_OUT, HELD_OUT + count)) for mix in (*MIXES, WIDE, *BREAKING, *LIVES)
    ]
    people = series_in(folder) if folder else []
    tasks += [(path.stem, partial(made, path), range(count)) for path in people]
    with ProcessPoolExecutor() as pool:
        for text in pool.map(_row, tasks):
            print(text, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
