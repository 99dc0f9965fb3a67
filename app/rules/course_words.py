"""The one sentence for a patient on where things stand. It says what is usual and what is seen, promises nothing,
and names no chance and no diagnosis. Pure.

What is usual by day: soreness for two weeks; relief by two to three weeks, later after thoracic treatment; judged at eight
weeks (the sources stand in `plan.py`, `expected.py` and `parameters.py`).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.words import Phase, Region

BEFORE = "What you write before the treatment is what its effect will be measured against."
REST = "Rest today and tomorrow, and do not drive for 24 hours."
REST_TOO = "Day {number}: rest today too; short walks are fine."
SORE = "Day {number}: soreness is expected; relief usually comes by week 3."
SORE_LONGER = "Day {number}: soreness is expected; after treatment of the upper back relief often takes six weeks."
FADING = "Day {number}: soreness usually fades by now; relief usually comes by week 3, sometimes later."
WAITING = "Week {number}: for some people relief comes only now. Each entry helps to see it."
BETTER = "Month {number} since the treatment: your scores are lower than before it."
HIGHER = "Your scores have been higher of late. Your clinic sees this; call if you are worried."
TALK = "Month {number} since the treatment. Your clinic reads what you write, and will talk it over with you."
GOES_ON = "Month {number} since the treatment. An entry a day shows how things go."
SENTENCES = (BEFORE, REST, REST_TOO, SORE, SORE_LONGER, FADING, WAITING, BETTER, HIGHER, TALK, GOES_ON)
OF_PHASE: dict[Phase, str] = {"relief": BETTER, "returning": HIGHER, "returned": HIGHER, "no_relief": TALK}
AHEAD = 40  # days for which the phone gets the sentences: it may be without a signal for a month


@dataclass(frozen=True)
class CourseSentence:
    """A sentence, and the number that it names: of days since the treatment, or of the week or month, from 1 on."""

    text: str
    number: int


def course_sentence(
    on: date, performed_on: date | None, *, region: Region | None, phase: Phase | None
) -> CourseSentence:
    """What is said on a day.

    Args:
        performed_on: of the newest treatment; None where there was none yet.
        phase: as it was last judged; only what is past the settling window is said by it.
    """
    if performed_on is None or on < performed_on:
        return CourseSentence(BEFORE, 0)
    day = (on - performed_on).days
    if day <= 1:
        return CourseSentence(REST_TOO if day else REST, day)
    if day <= 14 or (region == "thoracic" and day <= 21):
        return CourseSentence(SORE_LONGER if region == "thoracic" else SORE, day)
    if day <= 21:
        return CourseSentence(FADING, day)
    if day <= 56:
        return CourseSentence(WAITING, day // 7 + 1)
    return CourseSentence(GOES_ON if phase is None else OF_PHASE.get(phase, GOES_ON), day // 30 + 1)


def days_ahead(on: date) -> list[date]:
    """The days for which sentences are told in advance."""
    return [on + timedelta(days) for days in range(AHEAD)]
