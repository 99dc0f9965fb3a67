"""What is said of each side of a bilateral procedure, where they stand differently: in its sentence, the list and flags."""

from app.relief import ONSET_LEVEL, SideVerdict, Verdict
from app.rules.days import spoken_day
from app.rules.parameters import ALSO_SAID, SIDES_DIFFER
from app.rules.words import Phase

SIDE_PHASES: dict[Phase, str] = {
    "unknown": "not known",
    "settling": "still settling",
    "no_relief": "no relief",
    "relief": "relief",
    "returning": "return likely",
    "returned": "pain returned",
}


def sides_apart(verdict: Verdict, *, closed: bool) -> str:
    """Each side, as "left: pain returned on 3 March 2026, right: relief 78 %"; empty where they stand alike.

    Args:
        closed: whether the watch is over: what has not been decided by then will not be.
    """
    if not _apart(verdict):
        return ""
    least = 100 * (1 - ONSET_LEVEL[verdict.definition])
    return ", ".join(f"{side.side}: {_side(side, closed, least)}" for side in verdict.sides)


def _apart(verdict: Verdict) -> bool:
    """Whether the sides stand differently, or in relief of a clearly different size."""
    if len({(side.phase, side.returned.on) for side in verdict.sides}) > 1:
        return True
    percents = [side.relief_percent for side in verdict.sides if side.relief_percent is not None]
    in_relief = all(side.phase == "relief" for side in verdict.sides)
    return in_relief and len(percents) > 1 and max(percents) - min(percents) >= SIDES_DIFFER


def _side(side: SideVerdict, closed: bool, least: float) -> str:
    if side.phase == "settling" and closed:
        return "not decided by then"
    percent, ended = side.relief_percent, side.returned.on
    if side.phase == "no_relief" and percent is not None and percent >= ALSO_SAID:
        return f"relief {percent:.0f} %, but {least:.0f} % not held for four weeks"
    if side.phase == "relief":
        return "relief" if percent is None else f"relief {percent:.0f} %"
    if side.phase in ("returned", "returning") and ended is not None:
        said = "pain returned on" if side.phase == "returned" else "return likely since"
        return f"{said} {spoken_day(ended)}"
    return SIDE_PHASES[side.phase]
