"""The browser of the tests: where the machine has it, the one that draws no window, which takes half the time."""

from pathlib import Path
from shutil import which

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LIGHT, WHOLE = ("chromium-headless-shell",), ("chromium", "chromium-browser", "google-chrome")


def executable(*, whole: bool = False) -> Path | None:
    """The browser, the whole one for what the light one can't do (notifications); None where there is none."""
    names = WHOLE if whole else (*LIGHT, *WHOLE)
    return next((Path(path) for path in map(which, names) if path is not None), None)
