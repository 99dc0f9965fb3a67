"""The verdict in one sentence or two, as the clinician's page and the report show it."""

from datetime import date

from app.answers.verdicts.course import is_again, is_worse, kinds_of, logged_days
from app.record.procedures.schemas import ProcedureIn
from app.relief import ONSET_LEVEL, SETTLING_DAYS, Verdict
from app.rules.levels import spoken
from app.rules.parameters import CHANCE_TOLD, KNOWN_FOR, MOST_FACTS, NO_MORE_THAN_THE_COHORT, WORTH_SAYING

NAMES = {"left": "Left", "right": "Right", "bilateral": "Bilateral"}


def sentence(verdict: Verdict, own: ProcedureIn, *, treated_before: bool = False) -> str:
    """Site and days since the procedure; then at most four facts: its course, what could mislead, opioids, the diary.

    Args:
        own: the procedure as it was recorded.
        treated_before: whether the forecast rests on earlier treatments of the patient as well.
    """
    days = (verdict.as_of - own.performed_on).days
    where = spoken(own.joints or []) or own.region
    ago = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    facts = [*_course(verdict, days, treated_before), *_opioids(verdict), *_complete(verdict)]
    return f"{NAMES[own.laterality]} {where}, {ago}. " + "; ".join(facts[:MOST_FACTS]) + "."


def spoken_day(on: date) -> str:
    """A day with its month in words, such as 20 April 2026, so that day and month can't be confused."""
    return f"{on.day} {on:%B %Y}"


def _course(verdict: Verdict, days: int, treated_before: bool) -> list[str]:
    if verdict.baseline.pain is None:
        return ["Relief can't be computed: the pain before is not known"]
    if verdict.phase == "settling":
        left = f", {days} of {SETTLING_DAYS} days" if days <= SETTLING_DAYS else ""
        return [f"Still settling{left}: nothing is decided yet", *_worse(verdict, days), *_level(verdict)]
    if verdict.phase == "no_relief":
        return [_failed(verdict), *_worse(verdict, days), *_level(verdict), *_borderline(verdict)]
    if verdict.phase == "unknown":
        return _unknown(verdict, days)
    if verdict.phase == "relief":
        held = f"{_relief(verdict, days)}{_since(verdict)}"
        return [held, *_before(verdict), *_borderline(verdict), *_outlook(verdict, treated_before)]
    return [_relief(verdict, days), _return(verdict), *_before(verdict), *_borderline(verdict)]


def _failed(verdict: Verdict) -> str:
    """No relief that counts; true under each definition, for whoever reached it for days as well."""
    least = 100 * (1 - ONSET_LEVEL[verdict.definition])
    much, named = "half" if least == 50 else f"{least:.0f} %", f"(definition {verdict.definition})"
    if "early_relief_only" in kinds_of(verdict):
        return f"No relief: it held in the first days only, as after an anaesthetic or a steroid {named}"
    if max((p for p in verdict.days.relief_percent if p is not None), default=0.0) >= least:
        return f"No relief: {much} of the pain before was not gone for four weeks {named}"
    return f"Relief never reached {much} of the pain before {named}"


def _unknown(verdict: Verdict, days: int) -> list[str]:
    scored = logged_days(verdict)
    if not scored:
        return ["Nothing can be said: no pain has been logged since the procedure"]
    silent = (verdict.as_of - scored[-1]).days
    held = [_held(verdict)] if verdict.relief_days else []
    if silent > KNOWN_FOR:
        return [f"Nothing can be said of today: the diary has been silent for {silent} days", *held]
    if "joined_late" in kinds_of(verdict):
        begun = f"Nothing is known before {spoken_day(scored[0])}, when the diary begins"
        return [f"{begun}: whether there was relief can't be said", *_worse(verdict, days), *_level(verdict)]
    return ["Nothing can be said: too few days are logged", *_level(verdict), *held]


def _held(verdict: Verdict) -> str:
    """What was known before nothing was any more."""
    ended = verdict.returned.on
    if verdict.censored or ended is None:
        return f"relief was known to hold for {verdict.relief_days} days"
    return f"pain had returned on {spoken_day(ended)}, {verdict.relief_days} days after the procedure, and got better again"


def _relief(verdict: Verdict, days: int) -> str:
    percent, named = verdict.current.relief_percent, f"(definition {verdict.definition})"
    if percent is None:
        return f"Relief not known today {named}"
    if percent < 0:
        worse = "Worse than before: pain" if is_worse(verdict, days) else "Pain"
        return f"{worse} {-percent:.0f} % above the pain before {named}"
    return f"Relief {percent:.0f} % {named}"


def _worse(verdict: Verdict, days: int) -> list[str]:
    percent = verdict.current.relief_percent
    if percent is None or not is_worse(verdict, days):
        return []
    return [f"worse than before: pain {-percent:.0f} % above the pain before"]


def _since(verdict: Verdict) -> str:
    if is_again(verdict):
        since = verdict.spells[-1].from_on
        return ", better again" if since is None else f", better again since {spoken_day(since)}"
    if verdict.onset_on is not None:
        return f" since {spoken_day(verdict.onset_on)}"
    if verdict.watched_from is not None and verdict.spells:
        return f", known since {spoken_day(verdict.watched_from)}, when the diary begins"
    return ""


def _before(verdict: Verdict) -> list[str]:
    """The first return, where there has been relief since."""
    first = verdict.returned.on
    if not is_again(verdict) or first is None:
        return []
    return [f"pain had returned on {spoken_day(first)} after {verdict.relief_days} days"]


def _outlook(verdict: Verdict, treated_before: bool) -> list[str]:
    ended = verdict.returned.probability
    said = f"probability that it has ended {_chance(ended)}"
    if verdict.forecast is None:
        return [] if is_again(verdict) else [said]
    within = f"that it ends within 90 days {_chance(verdict.forecast.return_within_90_days)}"
    if is_again(verdict):  # the chance of an end is that of the first spell
        return [f"probability {within}"]
    if ended < NO_MORE_THAN_THE_COHORT and not treated_before:
        within += ", as for others at this stage"
    return [f"{said}, {within}"]


def _return(verdict: Verdict) -> str:
    found = verdict.returned
    hidden = ", hidden under a rising dose" if verdict.medication.masked else ""
    if is_again(verdict):
        on = verdict.spells[-1].to_on
        said = "pain returned again on" if verdict.phase == "returned" else "return likely again since"
        return f"{said} {spoken_day(on or verdict.as_of)}{hidden}"
    if found.on is None or found.low is None or found.high is None:
        return f"return likely, probability {_chance(found.probability)}"
    between = f"{spoken_day(found.low)} to {spoken_day(found.high)}"
    if verdict.phase == "returned":
        held = f" after {verdict.relief_days} days" if verdict.relief_days is not None else ""
        says = f"pain returned on {spoken_day(found.on)}{held}"
    else:
        says = f"return likely since {spoken_day(found.on)}"
    return f"{says} ({between}), probability {_chance(found.probability)}{hidden}"


def _borderline(verdict: Verdict) -> list[str]:
    return ["borderline: the level lies at the line"] if "borderline" in kinds_of(verdict) else []


def _chance(probability: float) -> str:
    """A probability with two decimals, but never 0 or 1: `under 0.01`, `over 0.99`."""
    return (
        f"under {CHANCE_TOLD}"
        if probability < CHANCE_TOLD
        else f"over {1 - CHANCE_TOLD}"
        if probability > 1 - CHANCE_TOLD
        else f"{probability:.2f}"
    )


def _level(verdict: Verdict) -> list[str]:
    level, before = verdict.current.level, verdict.baseline.pain
    return [] if level is None else [f"level {level:.1f}, before {before:.1f}"]


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
