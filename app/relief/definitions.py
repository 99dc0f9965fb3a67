"""Relief and response, as the literature defines them."""

from typing import Literal

Response = Literal["none", "partial", "responder", "strong"]


def relief_percent(level: float, baseline: float) -> float:
    """`100 * (1 - level / baseline)`: the drop from baseline in percent, negative when worse. Not rounded.

    Raises:
        ValueError: a baseline of 0 or less, of which no percentage exists.
    """
    if not baseline > 0:
        raise ValueError(f"baseline {baseline}: relief is a share of a pain above 0")
    return 100.0 * (1.0 - level / baseline)


def response(percent: float) -> Response:
    """30 % is meaningful and 50 % substantial (IMMPACT; Ostelo 2008), 80 % strong. 49.6 % is not 50 %."""
    if percent < 30.0:
        return "none"
    if percent < 50.0:
        return "partial"
    return "responder" if percent < 80.0 else "strong"
