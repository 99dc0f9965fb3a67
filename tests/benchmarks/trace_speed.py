"""How fast `reprieve trace` is beside a script that only parses the same file and writes the same output.

    python -m tests.benchmarks.trace_speed [DIARIES]

Both are whole processes, run in turn; the table gives the median of five pairs, the ratio pair by pair, and the peak memory
of the largest process, for the file and for one four times as long.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.diaries import make
from tests.benchmarks.mixes import TYPICAL

RUNS = 5
FLOOR_SCRIPT = """
import json, sys
from datetime import date, timedelta
for line in open(sys.argv[1], "rb"):
    diary = json.loads(line)
    first = date.fromisoformat(diary["procedure"]["performed_on"])
    last = max(date.fromisoformat(e["recorded_on"]) for e in diary["entries"])
    days = [{"date": (first + timedelta(d)).isoformat(), "phase": "relief", "relief_percent": 71.3,
             "return_probability": 0.0123} for d in range(1, (last - first).days + 1)]
    verdict = {"baseline_pain": 7.1, "onset_on": "2025-01-20", "returned_on": "2025-11-02", "returned_on_low": "2025-10-20",
               "returned_on_high": "2025-11-10", "relief_days": 296, "censored": False}
    sys.stdout.write(json.dumps({"id": diary["id"], "days": days, "verdict": verdict}) + "\\n")
"""


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, four = Path(folder, "one.ndjson"), Path(folder, "four.ndjson")
        lines = [json.dumps(make(TYPICAL, seed).line) + "\n" for seed in range(count)]
        one.write_text("".join(lines))
        four.write_text("".join(lines * 4))
        floor = Path(folder, "floor.py")
        floor.write_text(FLOOR_SCRIPT)
        commands = {
            "parse and write": [sys.executable, str(floor), str(one)],
            "trace": [sys.executable, "-m", "app", "trace", str(one)],
            "trace --jobs 2": [sys.executable, "-m", "app", "trace", str(one), "--jobs", "2"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                seconds[name].append(timed(command)[0])
        memory = {name: timed([*commands["trace"][:-1], str(path)])[1] for name, path in (("one", one), ("four", four))}
    base = seconds["parse and write"]
    print(f"{count} diaries of 200 to 720 days\n")
    print(f"{'':18s}{'seconds':>9s}{'ratio':>8s}")
    for name, times in seconds.items():
        ratio = statistics.median(t / b for t, b in zip(times, base, strict=True))
        print(f"{name:18s}{statistics.median(times):9.2f}{ratio:8.1f}")
    print(f"\npeak memory of trace: {memory['one']:.0f} MB; of a file four times as long: {memory['four']:.0f} MB")


def timed(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of a whole process."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, check=True, text=True)
    return time.perf_counter() - begun, int(done.stdout) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
