"""Relief and response, as the literature defines them."""

from typing import Literal, TypeVar

from . import parameters as par
from .records import Floats

N = TypeVar("N", float, Floats)
Response = Literal["none", "partial", "responder", "strong"]


def relief_percent(level: N, baseline: N) -> N:
    """`100 * (1 - level / baseline)`: the drop from baseline in percent, negative when worse. Not rounded.

    Takes numbers or arrays of one shape; a NaN baseline gives NaN. The caller must exclude a baseline of 0, which
    has no percentage.
    """
    return 100.0 * (1.0 - level / baseline)


def response(percent: float) -> Response:
    """30 % is meaningful and 50 % substantial (IMMPACT; Ostelo 2008), 80 % strong. Unrounded: 49.6 is below 50."""
    partial, responder, strong = par.RESPONSE_PERCENT
    if percent < partial:
        return "none"
    if percent < responder:
        return "partial"
    return "responder" if percent < strong else "strong"
