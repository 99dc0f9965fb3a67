"""The verdict in one sentence or two, as the clinician's page and the report show it."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.answers.verdicts.course import is_again, is_silent, is_worse, kinds_of, logged_days, relief_of_course
from app.answers.verdicts.earlier import EarlierTreatments
from app.answers.verdicts.record import WatchEnd
from app.answers.verdicts.sides import sides_apart
from app.record.procedures.schemas import ProcedureIn
from app.relief import CURRENT_DAYS, ONSET_LEVEL, Verdict
from app.rules.days import spoken_day
from app.rules.levels import spoken
from app.rules.outcome import CLOSED
from app.rules.parameters import (
    CHANCE_TOLD,
    KNOWN_FOR,
    MOST_FACTS,
    NO_MORE_THAN_THE_COHORT,
    WORTH_SAYING,
    settling_days,
)

NONE_BEFORE = EarlierTreatments()
NAMES = {"left": "Left", "right": "Right", "bilateral": "Bilateral"}


def sentence(
    verdict: Verdict,
    own: ProcedureIn,
    *,
    earlier: EarlierTreatments = NONE_BEFORE,
    end: WatchEnd | None = None,
    together_from: date | None = None,
) -> str:
    """Site and days since the procedure; then at most four facts: its course, what could mislead, opioids, the diary.

    Args:
        own: the procedure as it was recorded.
        earlier: what the patient's earlier treatments at its place brought.
        end: what ended its watch: the facts are then of the last day before.
        together_from: the day from which scores are of both sides together, where such are the newest.
    """
    days = (verdict.as_of - own.performed_on).days
    where = spoken(own.joints or []) or own.region
    ago = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    silent = is_silent(verdict, own.performed_on)
    if end is not None or silent:  # what has ended, or is told of no more, reads the same on each day that follows
        ago = spoken_day(own.performed_on)
    told = _Told(
        verdict,
        end,
        end.on - timedelta(days=1) if end else verdict.as_of,
        own.performed_on,
        earlier,
        together_from,
        settling_days(own.region),
    )
    complete = _complete(verdict) if together_from is None and not (silent and end is None) else []
    facts = [*_closed(end), *_course(told), *_opioids(verdict), *complete]
    said = "; ".join(facts[:MOST_FACTS])
    return f"{NAMES[own.laterality]} {where}, {ago}. {said[0].upper()}{said[1:]}."


@dataclass(frozen=True)
class _Told:
    """What the facts are of: the verdict, what ended the watch, the last day told of, and what came before."""

    verdict: Verdict
    end: WatchEnd | None
    until: date
    performed_on: date
    earlier: EarlierTreatments
    together_from: date | None
    settles: int

    @property
    def days(self) -> int:
        """Days since the procedure, on the last day told of."""
        return (self.until - self.performed_on).days


def _closed(end: WatchEnd | None) -> list[str]:
    return [] if end is None else [f"followed until {spoken_day(end.on)}: {CLOSED[end.why]}"]


def _course(told: _Told) -> list[str]:
    verdict, days = told.verdict, told.days
    if told.together_from is not None and verdict.phase in ("unknown", "settling"):
        since = spoken_day(told.together_from)
        return [f"scores are of both sides together since {since}: neither side can be judged by itself"]
    if verdict.baseline.pain is None:
        return ["relief can't be computed: the pain before is not known"]
    apart = sides_apart(verdict, closed=told.end is not None)
    if apart:
        return [f"{apart} (definition {verdict.definition})", *_worse(verdict, days), *_borderline(verdict)]
    if verdict.phase == "settling":
        return [_settling(told), *_worse(verdict, days), *_level(verdict)]
    if verdict.phase == "no_relief":
        return [_failed(verdict), *_worse(verdict, days), *_level(verdict), *_borderline(verdict)]
    if verdict.phase == "unknown":
        return _unknown(told)
    if verdict.phase == "relief":
        held = f"{_relief(told)}{_since(verdict)}"
        return [held, *_before(verdict), *_borderline(verdict), *_outlook(told)]
    return [_relief(told), _return(verdict), *_before(verdict), *_borderline(verdict)]


def _settling(told: _Told) -> str:
    if told.end is not None:
        return "nothing was decided by then"
    left = f", {told.days} of {told.settles} days" if told.days <= told.settles else ""
    return f"still settling{left}: nothing is decided yet"


def _failed(verdict: Verdict) -> str:
    """No relief that counts; true under each definition, for whoever reached it for days as well."""
    least = 100 * (1 - ONSET_LEVEL[verdict.definition])
    much, named = "half" if least == 50 else f"{least:.0f} %", f"(definition {verdict.definition})"
    if "early_relief_only" in kinds_of(verdict):
        return f"no relief: it held in the first days only, as after an anaesthetic or a steroid {named}"
    if max((p for p in verdict.days.relief_percent if p is not None), default=0.0) >= least:
        return f"no relief: {much} of the pain before was not gone for four weeks {named}"
    return f"relief never reached {much} of the pain before {named}"


def _unknown(told: _Told) -> list[str]:
    verdict = told.verdict
    scored = logged_days(verdict)
    if not scored:
        return ["nothing can be said: no pain has been logged since the procedure"]
    held = [_failed(verdict)] if verdict.failed else [_held(verdict)] if verdict.relief_days else []
    if (told.until - scored[-1]).days > KNOWN_FOR:
        today, been = ("today", "has") if told.end is None else ("that day", "had")
        return [f"nothing can be said of {today}: the diary {been} been silent since {spoken_day(scored[-1])}", *held]
    if "joined_late" in kinds_of(verdict):
        begun = f"nothing is known before {spoken_day(scored[0])}, when the diary begins"
        return [f"{begun}: whether there was relief can't be said", *_worse(verdict, told.days), *_level(verdict)]
    if not held and (scored[-1] - told.performed_on).days <= told.settles - CURRENT_DAYS:
        return [
            f"whether there is relief can't be said: the diary ended on {spoken_day(scored[-1])}, in the first weeks"
        ]
    return ["nothing can be said: too few days are logged", *_level(verdict), *held]


def _held(verdict: Verdict) -> str:
    """What was known before nothing was any more."""
    ended = verdict.returned.on
    if verdict.censored or ended is None:
        return f"relief was known to hold for {verdict.relief_days} days"
    return f"pain had returned on {spoken_day(ended)}, {verdict.relief_days} days after the procedure, and got better again"


def _relief(told: _Told) -> str:
    verdict = told.verdict
    percent, named = verdict.current.relief_percent, f"(definition {verdict.definition})"
    if percent is None:
        return f"relief not known{'' if told.end else ' today'} {named}"
    if percent < 0:
        worse = "worse than before: pain" if is_worse(verdict, told.days) else "pain"
        return f"{worse} {-percent:.0f} % above the pain before {named}"
    first = told.earlier.baseline_pain
    of_first = None if first is None else relief_of_course(verdict, first)
    if of_first is not None:
        named = f"{named[:-1]}, {of_first:.0f} % against the pain before the first procedure)"
    return f"relief {percent:.0f} % {named}"


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


def _outlook(told: _Told) -> list[str]:
    verdict = told.verdict
    ended = verdict.returned.probability
    said = f"probability that it has ended {_chance(ended)}"
    if verdict.forecast is None:
        return [] if is_again(verdict) or told.end else [said]
    within = f"that it ends within 90 days {_chance(verdict.forecast.return_within_90_days)}"
    if is_again(verdict):  # the chance of an end is that of the first spell
        return [f"probability {within}"]
    if ended < NO_MORE_THAN_THE_COHORT and not told.earlier.reliefs:
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
