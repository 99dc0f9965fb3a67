"""A row that is made before anything was constructed can be read: the first call of a fresh process may be for a list."""

import subprocess
import sys
from pathlib import Path

FIRST = """
import sys
from app.base.store.database import Database
from app.work.reviews.tables import Review
Database(sys.argv[1])
print(Review.model_construct(state="opened").state)
"""


def test_the_first_row_of_a_process_can_be_read(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FIRST, f"sqlite+aiosqlite:///{tmp_path}/one.db"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.stdout.strip(), ended.returncode) == ("opened", 0), ended.stderr[-500:]
