"""The states of the course and how it moves from day to day.

A person's course is a hidden Markov chain on `(noise, plateau, course)`. Noise (SD of her scores) and plateau (the level
she settles at) are hers; the course is where she stands: settling, on the plateau, in a flare-up that passes (with an
age, so that it cannot last for ever), climbing rung by rung, or at rest on a rung. Rungs run from the plateau to above
the baseline, so a climb may stop short of it. A plateau above half is a procedure that did not work.

An age-structured chain is a hidden semi-Markov model (Yu 2010, Artificial Intelligence 174); the exact forward
recursion (Rabiner 1989) then weighs "a flare-up that will pass" against "the return" by how long it has lasted and
how far it rose, which no threshold can.
"""

from dataclasses import dataclass

import numpy as np

from . import parameters as par
from .records import Floats

N_SETTLE = len(par.SETTLE_LEVEL)
PLATEAU_STATE = N_SETTLE
FLARE_SHORT_0 = PLATEAU_STATE + 1
FLARE_LONG_0 = FLARE_SHORT_0 + len(par.FLARE_RISE)
REST_0 = FLARE_LONG_0 + len(par.FLARE_RISE) * par.FLARE_LONG_STAGES
CLIMB_0 = REST_0 + par.LADDER_STEPS
N_COURSE = CLIMB_0 + par.LADDER_STEPS * len(par.CLIMB_DAYS)
N_NOISE, N_PLATEAU = len(par.NOISE_SD), len(par.PLATEAU)


@dataclass(frozen=True)
class Chain:
    """The fixed part of the model.

    Args:
        step: shape (course, course), chance to go from row to column in a day.
        drift: shape (plateau, plateau), the same for the plateau in a week.
        start: shape (noise, plateau, course), the state on the day of the procedure.
    """

    step: Floats
    drift: Floats
    start: Floats


def course_levels(baseline: float) -> Floats:
    """Level of each state as a fraction of the baseline (pain 0-10), shape (plateau, course)."""
    plateau = np.array(par.PLATEAU)
    out = np.empty((N_PLATEAU, N_COURSE))
    out[:, :N_SETTLE] = par.SETTLE_LEVEL
    out[:, PLATEAU_STATE] = plateau
    rises = np.array(par.FLARE_RISE) / max(baseline, 1.0)
    for i, rise in enumerate(rises):
        out[:, FLARE_SHORT_0 + i] = plateau + rise
        first = FLARE_LONG_0 + i * par.FLARE_LONG_STAGES
        out[:, first : first + par.FLARE_LONG_STAGES] = (plateau + rise)[:, None]
    rung = np.arange(1, par.LADDER_STEPS + 1) / par.LADDER_STEPS
    room = np.maximum(par.LADDER_TOP - plateau, 0.1)
    ladder = plateau[:, None] + room[:, None] * rung[None, :]
    for first in (REST_0, *(CLIMB_0 + s * par.LADDER_STEPS for s in range(len(par.CLIMB_DAYS)))):
        out[:, first : first + par.LADDER_STEPS] = ladder
    return out


def _step() -> Floats:
    a = np.zeros((N_COURSE, N_COURSE))
    for i in range(N_SETTLE):
        a[i, PLATEAU_STATE] = par.SETTLE_END
        a[i, :N_SETTLE] += par.SETTLE_MIX / N_SETTLE
    _flares(a)
    _climbs(a)
    np.fill_diagonal(a, 0.0)
    np.fill_diagonal(a, 1.0 - a.sum(axis=1))
    return a


def _flares(a: Floats) -> None:
    n = len(par.FLARE_RISE)
    for i in range(n):
        begin, end = par.FLARE_SHORT
        a[PLATEAU_STATE, FLARE_SHORT_0 + i] = begin / n
        a[FLARE_SHORT_0 + i, PLATEAU_STATE] = end
        begin, end = par.FLARE_LONG
        first = FLARE_LONG_0 + i * par.FLARE_LONG_STAGES
        a[PLATEAU_STATE, first] = begin / n
        for stage in range(par.FLARE_LONG_STAGES):
            last = stage == par.FLARE_LONG_STAGES - 1
            a[first + stage, PLATEAU_STATE if last else first + stage + 1] = end


def _climbs(a: Floats) -> None:
    k = par.LADDER_STEPS
    stop = np.array(par.STOP_AT_RUNG)
    going = np.concatenate(([1.0], np.cumprod(1.0 - stop)[:-1]))
    abrupt = going * stop
    a[PLATEAU_STATE, REST_0 : REST_0 + k] = par.RETURN_RATE * par.RETURN_ABRUPT * abrupt
    for speed, (days, weight) in enumerate(zip(par.CLIMB_DAYS, par.CLIMB_WEIGHT, strict=True)):
        first, rate = CLIMB_0 + speed * k, k / days
        a[PLATEAU_STATE, first] = par.RETURN_RATE * (1.0 - par.RETURN_ABRUPT) * weight
        for rung in range(k):
            a[first + rung, REST_0 + rung] = rate * stop[rung]
            if rung + 1 < k:
                a[first + rung, first + rung + 1] = rate * (1.0 - stop[rung])
    for rung in range(k):
        if rung > 0:
            a[REST_0 + rung, REST_0 + rung - 1] = par.REST_MOVE / 2
        if rung + 1 < k:
            a[REST_0 + rung, REST_0 + rung + 1] = par.REST_MOVE / 2
        a[REST_0 + rung, PLATEAU_STATE] = par.REST_BACK


def _drift() -> Floats:
    d = np.eye(N_PLATEAU)
    weekly = 7 * par.PLATEAU_DRIFT
    for i in range(N_PLATEAU - 1):
        if i + 1 != par.PLATEAU_IN_RELIEF:  # a responder that drifts out of relief does so by the ladder
            d[i, i + 1] += weekly / 2
            d[i + 1, i] += weekly / 2
            d[i, i] -= weekly / 2
            d[i + 1, i + 1] -= weekly / 2
    return d


def _start() -> Floats:
    noise = np.array(par.NOISE_WEIGHT)
    plateau = np.array(par.PLATEAU_WEIGHT, dtype=float)
    course = np.zeros(N_COURSE)
    course[:N_SETTLE] = 1.0 / N_SETTLE
    start = noise[:, None, None] * (plateau / plateau.sum())[None, :, None] * course[None, None, :]
    return np.asarray(start)


CHAIN = Chain(step=_step(), drift=_drift(), start=_start())
