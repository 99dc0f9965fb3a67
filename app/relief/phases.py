"""The phase of a procedure on a day, from the chain's chances on that day."""

from . import parameters as par
from .records import Phase


def phase_of(day: int, returned: float, *, reached: float, logged: int, newest: int) -> Phase:
    """The phase on one day.

    Args:
        day: days since the procedure, 1 or more.
        returned: chance that relief has ended for good, given that it was reached.
        reached: chance that relief of the definition's size was ever reached.
        logged: days with a score since the procedure, as known on the day.
        newest: day of the newest score, 0 if none.

    `no_relief` is never given before SETTLING_DAYS have passed. `returned` stays without new scores, because a return
    is for good; every other phase becomes `unknown` after SILENT_DAYS without a score.
    """
    settling = day <= par.SETTLING_DAYS
    may_return = day > par.EARLIEST_RETURN_DAYS and reached >= par.REACHED_FOR_RETURN
    if may_return and returned >= par.RETURNED_AT:
        return "returned"
    if day - newest > par.SILENT_DAYS:
        return "unknown"
    if logged == 0:
        return "settling" if settling else "unknown"
    if may_return and returned >= par.RETURNING_AT:
        return "returning"
    if reached >= par.REACHED_AT and logged >= par.MIN_LOGGED_FOR_RELIEF:
        return "relief"
    if settling:
        return "settling"
    return "no_relief" if logged >= par.MIN_LOGGED_FOR_FAILURE else "unknown"
