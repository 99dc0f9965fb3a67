"""What the diary says besides pain: whether daily life is getting harder, and which days the patient calls flare-ups."""

from collections.abc import Iterable
from datetime import date, timedelta
from statistics import fmean

from app.record.diary.content import EntryContent
from app.record.diary.service import DayEntry
from app.relief import Confounder
from app.rules import parameters as par

WORKED, SICK = "working", "off_sick"


def function_falls(entries: Iterable[DayEntry], performed_on: date, until: date) -> bool:
    """Whether pain gets in the way of daily life more in the last two weeks than in the eight before, or of work.

    By interference, 0 to 10, where both stretches have enough days; or by days off sick, where there were none before. The
    first weeks after the procedure are left out: they are nobody's usual. The two weeks end with the last day that says
    anything of it: who falls silent says nothing else.
    """
    entries = [one for one in entries if "interference" in one.content or "work" in one.content]
    until = min(until, max((one.date for one in entries if one.date <= until), default=until))
    first = performed_on + timedelta(days=par.WORSE_AFTER)
    since = until - timedelta(days=par.FUNCTION_NOW - 1)
    earliest = max(first, since - timedelta(days=par.FUNCTION_BEFORE))
    days = [one for one in entries if earliest < one.date <= until]
    now = [one.content for one in days if one.date >= since]
    before = [one.content for one in days if one.date < since]
    return _harder(now, before) or _off_sick(now, before)


def _harder(now: list[EntryContent], before: list[EntryContent]) -> bool:
    said, usual = ([one["interference"] for one in some if "interference" in one] for some in (now, before))
    if len(said) < par.FUNCTION_DAYS or len(usual) < 2 * par.FUNCTION_DAYS:
        return False
    return fmean(said) - fmean(usual) >= par.FUNCTION_FALLS


def _off_sick(now: list[EntryContent], before: list[EntryContent]) -> bool:
    said, usual = ([one.get("work") for one in some] for some in (now, before))
    return said.count(SICK) >= par.SICK_DAYS and SICK not in usual and usual.count(WORKED) >= par.FUNCTION_DAYS


def told_flare_ups(entries: Iterable[DayEntry], performed_on: date, until: date) -> list[Confounder]:
    """What the patient's own word says of the last days: that they are a flare-up, whatever the score."""
    since = max(performed_on, until - timedelta(days=par.FUNCTION_NOW))
    days = [one.date for one in entries if since < one.date <= until and one.content.get("flare_up")]
    if not days:
        return []
    many = "1 day" if len(days) == 1 else f"{len(days)} days"
    says = f"the patient calls {many} of the last {par.FUNCTION_NOW} a flare-up, the last {days[-1]}"
    return [Confounder("flare_up", says)]
