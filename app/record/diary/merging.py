"""Two writings of one day, made without knowing of each other, as one day: part by part, the later where both say so. Pure.

Scores are merged one by one for each site, moments one by one by their instant; every other part is one part.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from app.record.diary.content import EntryContent, MomentContent, PainContent
from app.record.diary.moments import settled, without_derived

K = TypeVar("K")


def merged(
    base: EntryContent | None, held: EntryContent | None, new: EntryContent, *, new_is_later: bool
) -> EntryContent | None:
    """The day of two writings that both began from `base`; None (no entry) where nothing is left.

    Args:
        base: what the new writing began from; None where the day had no entry.
        held: the day as it stands; None where it has been deleted since.
        new_is_later: whether the new writing was written down later than what is held.
    """
    before, theirs, ours = (without_derived(one or {}) for one in (base, held, new))
    out = _each(
        cast("Mapping[str, object]", before),
        cast("Mapping[str, object]", theirs),
        cast("Mapping[str, object]", ours),
        new_is_later=new_is_later,
    )
    whole = cast(EntryContent, out)
    if "pain" in theirs and "pain" in ours:
        pains = _pains(before.get("pain", ()), theirs["pain"], ours["pain"], new_is_later=new_is_later)
        latest = ours["pain"] if new_is_later else theirs["pain"]
        whole["pain"] = latest if _by_site(latest) == _by_site(pains) else pains  # the order of sites is no change
    if "moments" in theirs and "moments" in ours:
        moments = _moments(before.get("moments", ()), theirs["moments"], ours["moments"], new_is_later=new_is_later)
        whole["moments"] = moments
    return settled(whole) if whole else None


def _one(base: object, held: object, new: object, *, new_is_later: bool) -> object:
    """A part of three: from the side that changed it, from the later one where both did."""
    if new == base:
        return held
    if held == base:
        return new
    return new if new_is_later else held


def _each(
    base: Mapping[K, object], held: Mapping[K, object], new: Mapping[K, object], *, new_is_later: bool
) -> dict[K, object]:
    names = [*held, *(name for name in new if name not in held)]
    found = ((name, _one(base.get(name), held.get(name), new.get(name), new_is_later=new_is_later)) for name in names)
    return {name: value for name, value in found if value is not None}


def _pains(
    base: Sequence[PainContent], held: Sequence[PainContent], new: Sequence[PainContent], *, new_is_later: bool
) -> list[PainContent]:
    before, theirs, ours = (_by_site(side) for side in (base, held, new))
    out = []
    for site in [*theirs, *(site for site in ours if site not in theirs)]:
        sides = [cast("Mapping[str, object]", one.get(site, {})) for one in (before, theirs, ours)]
        scores = cast(PainContent, _each(*sides, new_is_later=new_is_later))
        average, worst = scores.get("average"), scores.get("worst")
        if average is not None and worst is not None and worst < average:  # each is right, and not both together
            scores = (ours if new_is_later else theirs).get(site, scores)
        if scores.keys() - {"region", "side"}:
            out.append(cast(PainContent, {**scores, "region": site[0], "side": site[1]}))
    return out


def _by_site(pains: Sequence[PainContent]) -> dict[tuple[str, str], PainContent]:
    return {(one["region"], one["side"]): one for one in pains}


def _moments(
    base: Sequence[MomentContent], held: Sequence[MomentContent], new: Sequence[MomentContent], *, new_is_later: bool
) -> list[MomentContent]:
    sides = [{one["at"]: one for one in side} for side in (base, held, new)]
    found = _each(*sides, new_is_later=new_is_later)
    return [cast(MomentContent, found[at]) for at in sorted(found)]
