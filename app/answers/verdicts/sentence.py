"""The verdict in one sentence or two, as the clinician's page and the report show it."""

from datetime import date

from app.record.procedures.schemas import ProcedureIn
from app.relief import ONSET_LEVEL, SETTLING_DAYS, Verdict
from app.rules.levels import spoken
from app.rules.parameters import WORTH_SAYING

NAMES = {"left": "Left", "right": "Right", "bilateral": "Bilateral"}


def sentence(verdict: Verdict, own: ProcedureIn) -> str:
    """Site and days since the procedure, its course with the probability, opioids, and how complete the diary is.

    Args:
        own: the procedure as it was recorded.
    """
    days = (verdict.as_of - own.performed_on).days
    where = spoken(own.joints or []) or own.region
    ago = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    parts = [_course(verdict, days), *_opioids(verdict), *_complete(verdict)]
    return f"{NAMES[own.laterality]} {where}, {ago}. " + "; ".join(parts) + "."


def spoken_day(on: date) -> str:
    """A day with its month in words, such as 20 April 2026, so that day and month can't be confused."""
    return f"{on.day} {on:%B %Y}"


def _course(verdict: Verdict, days: int) -> str:
    if verdict.baseline.pain is None:
        return "Relief can't be computed: the pain before is not known"
    if verdict.phase == "settling":
        left = f", {days} of {SETTLING_DAYS} days" if days <= SETTLING_DAYS else ""
        return f"Still settling{left}: nothing is decided yet{_level(verdict)}"
    if verdict.phase == "no_relief":
        least = 1 - ONSET_LEVEL[verdict.definition]
        much = "half" if least == 0.5 else f"{100 * least:.0f} %"
        return f"Relief never reached {much} of the pain before (definition {verdict.definition}){_level(verdict)}"
    if verdict.phase == "unknown":
        return _unknown(verdict)
    if verdict.phase == "relief":
        return f"{_relief(verdict)}{_since(verdict)}{_outlook(verdict)}"
    return f"{_relief(verdict)}; {_return(verdict)}"


def _unknown(verdict: Verdict) -> str:
    scored = [on for on, score in zip(verdict.days.date, verdict.days.average, strict=True) if score is not None]
    if not scored:
        return "Nothing can be said: no pain has been logged since the procedure"
    silent = (verdict.as_of - scored[-1]).days
    held = f"; relief was known to hold for {verdict.relief_days} days" if verdict.relief_days else ""
    return f"Nothing can be said of today: the diary has been silent for {silent} days{held}"


def _relief(verdict: Verdict) -> str:
    percent = verdict.current.relief_percent
    if percent is None:
        return f"Relief not known today (definition {verdict.definition})"
    if percent < 0:
        return f"Pain {-percent:.0f} % above the pain before (definition {verdict.definition})"
    return f"Relief {percent:.0f} % (definition {verdict.definition})"


def _since(verdict: Verdict) -> str:
    return "" if verdict.onset_on is None else f" since {spoken_day(verdict.onset_on)}"


def _outlook(verdict: Verdict) -> str:
    ended = f"; probability that it has ended {_chance(verdict.returned.probability)}"
    if verdict.forecast is None:
        return ended
    return f"{ended}, that it ends within 90 days {_chance(verdict.forecast.return_within_90_days)}"


def _return(verdict: Verdict) -> str:
    found = verdict.returned
    if found.on is None or found.low is None or found.high is None:
        return f"return likely, probability {_chance(found.probability)}"
    between = f"{spoken_day(found.low)} to {spoken_day(found.high)}"
    if verdict.phase == "returned":
        held = f" after {verdict.relief_days} days" if verdict.relief_days is not None else ""
        says = f"pain returned on {spoken_day(found.on)}{held}"
    else:
        says = f"return likely since {spoken_day(found.on)}"
    hidden = ", hidden under a rising dose" if verdict.medication.masked else ""
    return f"{says} ({between}), probability {_chance(found.probability)}{hidden}"


def _chance(probability: float) -> str:
    """A probability with two decimals, but never 0 or 1: `under 0.01`, `over 0.99`."""
    return "under 0.01" if probability < 0.01 else "over 0.99" if probability > 0.99 else f"{probability:.2f}"


def _level(verdict: Verdict) -> str:
    level, before = verdict.current.level, verdict.baseline.pain
    return "" if level is None else f"; level {level:.1f}, before {before:.1f}"


def _opioids(verdict: Verdict) -> list[str]:
    before, now, change = verdict.medication.mme_before, verdict.medication.mme_now, verdict.medication.change_percent
    if change is None:
        return [] if not now or before != 0 else [f"opioids begun, {now:g} MME a day"]
    if abs(change) < WORTH_SAYING:
        return ["opioids unchanged"]
    return [f"opioids {'down' if change < 0 else 'up'} {abs(change):.0f} %"]


def _complete(verdict: Verdict) -> list[str]:
    logged, expected = verdict.adherence.logged, verdict.adherence.expected
    return [f"diary {100 * logged / expected:.0f} % complete"] if expected else []
