"""The forecast: by which day the return will have come."""

from datetime import date, timedelta

import numpy as np

from . import parameters as par
from .durations import Hazard
from .judgement import Judgement
from .prepared_chain import prepared_chain
from .records import Floats
from .verdict import Forecast


def look_ahead(judged: Judgement, hazard: Hazard, today: date) -> Forecast:
    """The chance that the return will have come by each day: first passage, whatever comes after it.

    Relief that holds ends by the hazard of its age; a climb that has begun crosses the line within its own time, or stops
    short of it.
    """
    days = np.concatenate([[0.0], np.geomspace(1, par.FORECAST_LONGEST, 400)])
    chance = will_have_returned(judged, hazard, days)

    def by(share: float) -> date:
        found = float(np.interp(share, chance, days))
        return today + timedelta(days=max(1, round(found)))

    within = float(np.interp(par.FORECAST_CHANCE_DAYS, days, chance))
    return Forecast(round(within, 3), by(0.5), by(par.DATE_TAIL), by(1 - par.DATE_TAIL))


def will_have_returned(judged: Judgement, hazard: Hazard, days: Floats) -> Floats:
    """Chance that the return has come after so many days, shape (days,), rising."""
    run, last = judged.run, judged.plan.last
    flat = prepared_chain(run.filter.definition).flat(run.filter.weights[last][:, :, None])[:, 0]
    chain = prepared_chain(run.filter.definition).chain
    relief = flat[chain.relief.slice].reshape(chain.relief.rows, -1).sum(axis=1)
    over = run.today.chances.over
    rungs = len(par.CLIMB_WAY)
    climbing = relief[-rungs * len(par.CLIMB_DAYS) :].reshape(len(par.CLIMB_DAYS), rungs)
    holds = max(float(relief.sum() - climbing.sum()) + sum(run.today.chances.young), 1e-9)
    age = last - (judged.began(judged.stretches[-1]) if len(judged.stretches) > 1 else 0)
    # the filter has weighed climbs by the hazard of its plan; by another they have begun so much more or less often
    climbing = climbing * hazard.rate(age) / judged.plan.hazard.rate(age)
    left = holds * hazard.stays(days, age=age)
    for speed, mean in enumerate(par.CLIMB_DAYS):
        for k in range(rungs):
            goes_on = (1 - par.CLIMB_STOPS) ** (rungs - k)
            takes = mean * (rungs - k) / rungs
            there = np.exp(-days / takes) * goes_on + (1 - goes_on) * hazard.stays(days, age=age)
            left = left + climbing[speed, k] * there
    total = holds + float(climbing.sum()) + over
    return np.asarray(np.maximum.accumulate(1 - left / total))
