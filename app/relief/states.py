"""The states of the course and how it moves from day to day.

A patient's course is a hidden Markov chain on `(proneness, noise, plateau, course)`. Proneness (rate of flare-ups),
noise (SD of the scores) and plateau (the level after settling) are traits of the patient; the course is the current
state: settling, on the plateau, in a passing flare-up (with an age, so that it cannot last for ever), climbing rung by
rung, or at rest on a rung. Rungs run from the plateau to above the baseline, so a climb may stop short of it. A plateau
above half is a procedure that did not work.

An age-structured chain is a hidden semi-Markov model (Yu 2010, Artificial Intelligence 174); the exact forward
recursion (Rabiner 1989) then weighs "a flare-up that will pass" against "the return" by how long it has lasted and
how far it rose, which no threshold can. A finite chain was taken and not a particle filter, because it is exact, has no
random numbers, and gives the same answer whatever the batch.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import block_diag, csr_array

from . import parameters as par
from .records import Floats

N_SETTLE = len(par.SETTLE_LEVEL)
PLATEAU_STATE = N_SETTLE
FLARE_SHORT_0 = PLATEAU_STATE + 1
FLARE_LONG_0 = FLARE_SHORT_0 + len(par.FLARE_RISE)
REST_0 = FLARE_LONG_0 + len(par.FLARE_RISE) * par.FLARE_LONG_STAGES
CLIMB_0 = REST_0 + par.LADDER_STEPS
N_COURSE = CLIMB_0 + par.LADDER_STEPS * len(par.CLIMB_DAYS)
N_PRONE, N_NOISE, N_PLATEAU = len(par.PRONE_WEIGHT), len(par.NOISE_SD), len(par.PLATEAU)
N_PERSON = N_NOISE * N_PLATEAU


@dataclass(frozen=True)
class Chain:
    """The fixed part of the model. A state is a row `(proneness, course)` and columns `(noise, plateau)`.

    Args:
        onward: shape (prone * course,) twice, sparse: column vectors of weights of one day -> of the next.
        back: its transpose, for the backward recursion.
        step: shape (prone, course, course), the same as dense matrices: chance to go from row to column in a day.
        drift: shape (plateau, plateau), symmetric: chance that the plateau moves within DRIFT_EVERY days.
        start: shape (prone * course, noise, plateau), the state on the day of the procedure.
    """

    onward: csr_array
    back: csr_array
    step: Floats
    drift: csr_array
    start: Floats


def course_levels(baseline: float) -> Floats:
    """Level of each state as a fraction of the baseline (pain 0-10), shape (course, plateau)."""
    plateau = np.array(par.PLATEAU)
    out = np.empty((N_COURSE, N_PLATEAU))
    out[:N_SETTLE] = np.array(par.SETTLE_LEVEL)[:, None]
    out[PLATEAU_STATE] = plateau
    rises = np.array(par.FLARE_RISE) / max(baseline, 1.0)
    for i, rise in enumerate(rises):
        out[FLARE_SHORT_0 + i] = plateau + rise
        first = FLARE_LONG_0 + i * par.FLARE_LONG_STAGES
        out[first : first + par.FLARE_LONG_STAGES] = plateau + rise
    rung = np.arange(1, par.LADDER_STEPS + 1) / par.LADDER_STEPS
    room = np.maximum(par.LADDER_TOP - plateau, 0.1)
    ladder = plateau + rung[:, None] * room
    for first in (REST_0, *(CLIMB_0 + s * par.LADDER_STEPS for s in range(len(par.CLIMB_DAYS)))):
        out[first : first + par.LADDER_STEPS] = ladder
    return out


def _step(prone: int) -> Floats:
    a = np.zeros((N_COURSE, N_COURSE))
    for i in range(N_SETTLE):
        a[i, PLATEAU_STATE] = par.SETTLE_END
        a[i, :N_SETTLE] += par.SETTLE_MIX / N_SETTLE
    _flares(a, prone)
    _climbs(a)
    np.fill_diagonal(a, 0.0)
    np.fill_diagonal(a, 1.0 - a.sum(axis=1))
    return a


def _flares(a: Floats, prone: int) -> None:
    ages = par.FLARE_LONG_STAGES
    older = ages / par.FLARE_LONG_DAYS
    for i, share in enumerate(par.FLARE_RISE_WEIGHT):
        short, long = FLARE_SHORT_0 + i, FLARE_LONG_0 + i * ages
        a[PLATEAU_STATE, short] = par.FLARE_SHORT_RATE[prone] * share
        a[short, PLATEAU_STATE] = 1 / par.FLARE_SHORT_DAYS
        a[PLATEAU_STATE, long] = par.FLARE_LONG_RATE[prone] * share
        for age in range(ages):
            a[long + age, long + age + 1 if age + 1 < ages else PLATEAU_STATE] = older


def _climbs(a: Floats) -> None:
    k = par.LADDER_STEPS
    sixth = np.interp(np.arange(1, k) / k, par.STOP_WAY, par.STOP_CHANCE)
    stop = np.append(1 - (1 - sixth) ** (6 / k), 1.0)
    going = np.concatenate(([1.0], np.cumprod(1.0 - stop)[:-1]))
    a[PLATEAU_STATE, REST_0 : REST_0 + k] = par.RETURN_RATE * par.RETURN_ABRUPT * going * stop
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


def _drift() -> csr_array:
    d = np.eye(N_PLATEAU)
    moved = par.DRIFT_EVERY * par.PLATEAU_DRIFT
    for i in range(N_PLATEAU - 1):
        if i + 1 != par.PLATEAU_IN_RELIEF:  # a responder leaves relief only by a climb, not by drift
            d[i, i + 1] += moved / 2
            d[i + 1, i] += moved / 2
            d[i, i] -= moved / 2
            d[i + 1, i + 1] -= moved / 2
    return csr_array(d)


def _start() -> Floats:
    course = np.zeros(N_COURSE)
    course[:N_SETTLE] = 1.0 / N_SETTLE
    plateau = np.array(par.PLATEAU_WEIGHT, dtype=float)
    person = np.outer(par.NOISE_WEIGHT, plateau / plateau.sum())
    return np.outer(np.outer(par.PRONE_WEIGHT, course), person).reshape(-1, N_NOISE, N_PLATEAU)


def _chain() -> Chain:
    step = np.stack([_step(prone) for prone in range(N_PRONE)])
    onward = csr_array(block_diag([csr_array(a.T) for a in step]))
    return Chain(onward, csr_array(onward.T), step, _drift(), _start())


CHAIN = _chain()
