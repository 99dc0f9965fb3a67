"""What the scores before say about the noise of a day: moods that last, for each kind of noise.

A score is level, mood and a day's own noise. The mood is a first-order autoregression; given the level, a Kalman filter
(1960) follows it exactly, and its estimate is linear in the level: `mood = heard - share * level`. So no state is needed
for the mood, only a few numbers a kind of noise. Two records are kept. In `STEADY` a score counts by the chance that the
level of that day was a lasting one: what a flare-up or a return brings is no mood of the level before it. In `SINCE` each
counts in full: where the level changed some days ago, only the scores since then tell of the mood, and those before are
taken out again by what is left of them (`left`), which the filter's linearity allows.
"""

import numpy as np

from . import parameters as par
from .records import Days, Floats

N_KIND = len(par.KINDS)
HEARD, SHARE, VARIANCE, LEFT = range(4)
SHARED = 2  # the first two move alike
_NOISE = np.array([kind.noise**2 for kind in par.KINDS])
_MOOD = np.array([kind.mood**2 for kind in par.KINDS])
_KEEPS = np.exp([-1.0 / kind.days for kind in par.KINDS])
_NEW = _MOOD * (1 - _KEEPS**2)

_OVERNIGHT = np.stack([_KEEPS, _KEEPS, _KEEPS**2, np.ones(N_KIND)])
_ADDED = np.stack([np.zeros(N_KIND), np.zeros(N_KIND), _NEW, np.log(_KEEPS)])

STEADY, SINCE = range(2)
UNHEARD = np.stack([np.stack([np.zeros(N_KIND), np.zeros(N_KIND), _MOOD, np.zeros(N_KIND)])] * 2)
"""The mood before the first score, shape (2, 4, kinds), by record: what was heard, its share of the level, variance,
logarithm of what is left of the first day."""


def mood_next_day(mood: Floats) -> Floats:
    """The mood on the next day, before its score; shape (diaries, 2, 4, kinds) both."""
    return np.asarray(mood * _OVERNIGHT + _ADDED)


def mood_after_score(mood: Floats, score: Floats, counts: Floats) -> Floats:
    """The mood after that day's scores, points, shape (diaries,).

    `counts`, shape (diaries, 2), is how much of a score counts in each record, 0 to 1: 0 where there is none.
    """
    variance = mood[:, :, VARIANCE]
    gain = variance / (variance + _NOISE) * counts[:, :, None]
    out = mood.copy()
    said = np.stack([score, np.ones(len(score))], axis=1)[:, None, :, None]
    out[:, :, :SHARED] += gain[:, :, None] * (said - mood[:, :, :SHARED])
    rest = 1 - gain
    out[:, :, VARIANCE] *= rest
    out[:, :, LEFT] += np.log(rest)
    return out


def expected(mood: Floats, then: Floats) -> tuple[Floats, Floats, Floats]:
    """What a score is expected to be where the level has been what it is since some days: slope, shift and SD.

    The score is about `slope * level + shift`.

    Args:
        mood: shape (diaries, 2, 4, kinds), before the day's score.
        then: shape (diaries, times, 4, kinds), the mood after the day on which the level became what it is; the first
            time stands for always.

    Returns:
        Three arrays of shape (diaries, times, kinds), points.
    """
    before = mood[:, RECORD]
    left = np.exp(before[:, :, LEFT] - then[:, :, LEFT])
    now = before[:, :, :SHARED] - left[:, :, None] * then[:, :, :SHARED]
    variance = before[:, :, VARIANCE] + left * left * (_MOOD - then[:, :, VARIANCE])
    return 1 - now[:, :, SHARE], now[:, :, HEARD], np.sqrt(variance + _NOISE)


UNSTEADY = 1 + len(par.MOOD_COHORTS)
RECORD = (STEADY, *[SINCE] * UNSTEADY)
COHORT_TIME = (1, 2, 2, 3, 3, 3)
"""For each cohort, from the youngest, its place among `times_since`; older ones are as if it had always been so."""


def times_since(day: Days, steady: Days) -> Days:
    """For each diary, days after which a level may have become what it is; the first stands for always.

    Shape (diaries, 2 + len(MOOD_COHORTS)). What would lie before the procedure is as if it had always been so. The last is
    that of a flare-up or a climb: it began after the last day on which the level was most likely a lasting one, `steady`.
    """
    time = (day - 1) // par.COHORT_DAYS
    since = (time[:, None] - np.array(par.MOOD_COHORTS)) * par.COHORT_DAYS + par.COHORT_DAYS // 2
    since[:, 0] = day - 1
    always = np.zeros((len(day), 1), dtype=np.int64)
    return np.concatenate([always, np.maximum(since, 0), steady[:, None]], axis=1)
