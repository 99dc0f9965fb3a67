"""Moments of a day, and the day's average and worst that follow from them until the patient gives their own. Pure."""

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import cast

from app.record.diary.content import EntryContent, FromMoments, MomentContent, PainContent

AVERAGE, WORST = "average", "worst"
SiteKey = tuple[str, str]


def settled(content: EntryContent) -> EntryContent:
    """The content with the average and the worst of each site that its moments give, where the patient gave none.

    `from_moments` names the scores that follow: these are worked out anew, and never taken for the patient's own.
    """
    own = without_derived(content)
    moments = own.get("moments")
    if not moments:
        return own
    pains = {_site(pain): pain for pain in own.get("pain") or ()}
    follows: list[FromMoments] = []
    for site, scored in _by_site(moments).items():
        pain = pains.setdefault(site, {"region": site[0], "side": site[1]})
        derived = _derived(pain, scored)
        if derived:
            pains[site] = cast(PainContent, {**pain, **derived})
            follows.append({"region": site[0], "side": site[1], "scores": sorted(derived)})
    out: EntryContent = {**own}
    if pains or "pain" in own:
        out["pain"] = list(pains.values())
    if follows:
        out["from_moments"] = follows
    return out


def without_derived(content: EntryContent) -> EntryContent:
    """The content as the patient gave it: without the scores that follow from moments."""
    follows = {(one["region"], one["side"]): set(one["scores"]) for one in content.get("from_moments") or ()}
    own: EntryContent = {**content}
    own.pop("from_moments", None)
    if not follows or "pain" not in own:
        return own
    pains = [
        cast(PainContent, {name: value for name, value in pain.items() if name not in follows.get(_site(pain), ())})
        for pain in own["pain"]
    ]
    own["pain"] = [pain for pain in pains if pain.keys() - {"region", "side"}]
    if not own["pain"]:
        del own["pain"]
    return own


def mean_over_time(scores: Sequence[tuple[datetime, float]]) -> float:
    """The mean of scores over the time between the first and the last, each changing evenly into the next.

    Args:
        scores: at least one instant and its score, in any order.
    """
    in_order = sorted(scores)
    span = (in_order[-1][0] - in_order[0][0]).total_seconds()
    if span == 0:
        return sum(score for _, score in in_order) / len(in_order)
    area = sum(
        (after - before).total_seconds() * (first + second) / 2
        for (before, first), (after, second) in pairwise(in_order)
    )
    return area / span


def nearest_half(value: float) -> float:
    """A score to the nearest half, what lies between two upwards."""
    return math.floor(value * 2 + 0.5) / 2


def _derived(own: PainContent, scored: list[tuple[datetime, PainContent]]) -> dict[str, float]:
    """What a site's moments give of average and worst where the patient gave none; never a worst under an average."""
    points = [(at, score) for at, pain in scored if (score := _at_that_time(pain)) is not None]
    peaks = [
        score for _, pain in scored for name in ("now", AVERAGE, WORST) if (score := _score(pain, name)) is not None
    ]
    average, worst = own.get("average"), own.get("worst")
    out: dict[str, float] = {}
    if average is None and points:
        out[AVERAGE] = average = min(nearest_half(mean_over_time(points)), 10.0 if worst is None else worst)
    if worst is None and peaks:
        out[WORST] = max([*peaks, *([] if average is None else [average])])
    return out


def _by_site(moments: Sequence[MomentContent]) -> dict[SiteKey, list[tuple[datetime, PainContent]]]:
    found: dict[SiteKey, list[tuple[datetime, PainContent]]] = {}
    for moment in moments:
        at = datetime.fromisoformat(moment["at"])
        for pain in moment.get("pain") or ():
            found.setdefault(_site(pain), []).append((at, pain))
    return found


def _at_that_time(pain: PainContent) -> float | None:
    return next((score for name in ("now", AVERAGE, WORST) if (score := _score(pain, name)) is not None), None)


def _score(pain: PainContent, name: str) -> float | None:
    return cast("float | None", pain.get(name))


def _site(pain: PainContent) -> SiteKey:
    return pain["region"], pain["side"]
