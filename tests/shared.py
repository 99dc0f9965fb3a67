"""What takes long to make and no test changes: made once a run, whichever of its processes needs it first."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The path of what `make` writes there. Other processes of the run that need it meanwhile wait for it."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    path, unfinished = root / name, root / f"unfinished-{name}"
    with open(root / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            shutil.rmtree(unfinished, ignore_errors=True)  # of one who failed, or skipped, half way
            make(unfinished)
            unfinished.rename(path)
    return path
