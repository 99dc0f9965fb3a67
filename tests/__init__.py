"""The suite. Several processes run it side by side, so that none may start a thread for each core in its arithmetic."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
