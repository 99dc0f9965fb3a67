"""What a diagnostic block shows: how much it helped, for how long, and whether that fits its agent."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

CONCORDANT = 80  # percent of relief that must end with the agent [the facet joint coverage policies ask for it]

# Usual duration of action at a medial branch, hours from and to: standard pharmacology; the shorter- and longer-acting pair
# is what a comparative block rests on (Lord 1995: lidocaine against bupivacaine).
DURATION_HOURS = {
    "lidocaine": (1.0, 3.0),
    "mepivacaine": (1.5, 4.0),
    "bupivacaine": (3.0, 12.0),
    "ropivacaine": (3.0, 12.0),
    "levobupivacaine": (3.0, 12.0),
}
LATEST = 1.5  # of the usual time: relief that begins later is not the agent's [chosen]
LONG = {"bupivacaine", "ropivacaine", "levobupivacaine"}


@dataclass(frozen=True)
class BlockShown:
    """Best relief in percent while the agent acts; hours with relief of at least 50 and 80 %, as far as it began then; and
    whether that fits the agent (None: unknown).
    """

    best_percent: float | None
    hours_50: float | None
    hours_80: float | None
    concordant: bool | None


def shown_by(agent: str, before: float, after: list[tuple[float, float]]) -> BlockShown:
    """What a block shows.

    Args:
        before: pain just before, 0-10; from 0 there is no percentage.
        after: minutes and pain, in order of time.

    The time between two readings counts in full where both reach the limit and half where one does; nothing is counted
    after the last reading, nor what begins when the agent acts no more. A block is concordant where relief of 80 % ended
    within the agent's usual time.
    """
    acting = while_acting(agent, after)
    if before <= 0 or not acting:
        return BlockShown(None, None, None, None)
    relief = _relief(before, after)
    best = max(percent for _, percent in _relief(before, acting))
    hours_50, hours_80 = (hours_at(before, after, percent, agent=agent) for percent in (50, CONCORDANT))
    usual = DURATION_HOURS.get(agent)
    concordant = None
    if usual is not None and best >= CONCORDANT:
        ended = relief[-1][1] < CONCORDANT
        concordant = usual[0] / 2 <= hours_80 <= usual[1] * LATEST if ended or hours_80 > usual[1] else None
    elif usual is not None:
        concordant = False
    return BlockShown(round(best, 1), round(hours_50, 2), round(hours_80, 2), concordant)


def while_acting(agent: str, after: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The readings (minutes and pain) at which the agent may still act; all where its time is not known."""
    ends = _ends(agent)
    return [(minutes, pain) for minutes, pain in after if minutes / 60 <= ends]


def hours_at(before: float, after: Iterable[tuple[float, float]], percent: float, *, agent: str) -> float:
    """Hours with relief of at least so many percent that began while the agent acts; minutes and pain in order of time,
    pain before above 0.
    """
    return _hours(_relief(before, after), percent, _ends(agent))


def _ends(agent: str) -> float:
    """Hours after which the agent acts no more."""
    usual = DURATION_HOURS.get(agent)
    return inf if usual is None else usual[1] * LATEST


def _relief(before: float, after: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(minutes / 60, 100 * (1 - pain / before)) for minutes, pain in after]


def _hours(relief: list[tuple[float, float]], limit: float, ends: float) -> float:
    total, last_hour, last_held = 0.0, 0.0, False
    for hour, percent in relief:
        held = percent >= limit
        if hour > ends and not last_held:
            break
        share = 1.0 if held and last_held else 0.5 if held or last_held else 0.0
        total += share * (hour - last_hour)
        last_hour, last_held = hour, held
    return total


def compare(one: tuple[str, float | None], other: tuple[str, float | None]) -> str | None:
    """Compares blocks with a shorter- and a longer-acting agent, by hours at 80 %: `longer_lasted_longer`,
    `longer_did_not`, or None where the agents are no such pair or a duration is not known."""
    (agent, hours), (second, more) = one, other
    if (
        (agent in LONG) == (second in LONG)
        or hours is None
        or more is None
        or not {agent, second} <= set(DURATION_HOURS)
    ):
        return None
    long_hours, short_hours = (hours, more) if agent in LONG else (more, hours)
    return "longer_lasted_longer" if long_hours > short_hours else "longer_did_not"
