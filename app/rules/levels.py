"""Facet joints, the nerves that carry their pain, and what a payer counts of them.

A lumbar or thoracic joint has the medial branches of the level above it and of its own upper level: L4-5 has L3 and L4;
L5-S1 has the L4 medial branch and the L5 dorsal ramus (as the facet joint coverage policies count them). A cervical joint
has the two medial branches of its own numbers; C2-3 has the third occipital nerve and C3. C1-2 has none: the ventral ramus
and the ganglion of C2 serve it. The sacroiliac joint has the L5 dorsal ramus and the lateral branches of S1 to S3.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.rules.words import Region, Technique

_VERTEBRAE = [*(f"C{i}" for i in range(8)), *(f"T{i}" for i in range(1, 13)), *(f"L{i}" for i in range(1, 6)), "S1"]
_JOINT = re.compile(r"(C[0-7]|T(?:[1-9]|1[0-2])|L[1-5])-(C[1-7]|T(?:[1-9]|1[0-2])|L[1-5]|S1|[1-9]|1[0-2])")
DORSAL_RAMUS, THIRD_OCCIPITAL = "L5 dorsal ramus", "third occipital nerve"
_SACROILIAC = (DORSAL_RAMUS, "S1 lateral branch", "S2 lateral branch", "S3 lateral branch")
_SPOKEN = {
    "l5": DORSAL_RAMUS,
    "l5 dr": DORSAL_RAMUS,
    "ton": THIRD_OCCIPITAL,
    "s1": "S1 lateral branch",
    "s2": "S2 lateral branch",
    "s3": "S3 lateral branch",
}
_REGION_OF: dict[str, Region] = {"C": "cervical", "T": "thoracic", "L": "lumbar"}
CODES: dict[Region, tuple[str, str]] = {
    "cervical": ("64633", "64634"),
    "thoracic": ("64633", "64634"),
    "lumbar": ("64635", "64636"),
}
CODE_SACROILIAC = "64625"
NO_LONGER = "C1-2"  # was taken for a joint of two medial branches; is refused since
UNLISTED = "64999"  # what destroys no nerve by heat
ABLATES_FROM = 80.0  # °C; below, the codes of destruction do not hold [known]
JUNCTION, BELOW_IT = "T12-L1", "L1-2"  # together in one session they are one lumbar session [CGS A58364, from 2025]


class NoSuchLevelError(ValueError):
    """A text that names no facet or sacroiliac joint, or no nerve of one."""


@dataclass(frozen=True)
class Code:
    """A CPT code (the number alone: its text is proprietary) and its units."""

    code: str
    units: int


def joint(text: str) -> str:
    """A joint in its canonical form: `L4-5`, `L5-S1`, `C7-T1`, `SI`.

    Raises:
        NoSuchLevelError: the two are not neighbours, or are no vertebrae.
    """
    if text.upper() == "SI":
        return "SI"
    found = _JOINT.fullmatch(text.upper())
    if found is None:
        raise NoSuchLevelError("no joint; write it as L4-5, L5-S1, C5-6, T7-8, C7-T1 or SI")
    upper, lower = found.groups()
    lower = lower if not lower.isdigit() else upper[0] + lower
    if upper == "C1":
        raise NoSuchLevelError("no joint of a medial branch: C1-2 is served by the C2 ganglion and ventral ramus")
    if lower not in _VERTEBRAE or _VERTEBRAE.index(lower) != _VERTEBRAE.index(upper) + 1 or upper == "C0":
        raise NoSuchLevelError("no joint: its two vertebrae are not neighbours with a facet joint")
    return f"{upper}-{lower[1:]}" if lower[0] == upper[0] else f"{upper}-{lower}"


def region_of(one: str) -> Region:
    """The region that a joint belongs to."""
    if one == "SI":
        return "sacroiliac"
    return _REGION_OF[one[0]]


def lies_in(one: str, region: Region, joints: Iterable[str]) -> bool:
    """Whether a joint of a session counts to a region: T12-L1 is lumbar where L1-2 is treated with it."""
    return region_of(one) == region or (one == JUNCTION and region == "lumbar" and BELOW_IT in joints)


def regions_of(joints: Sequence[str]) -> list[Region]:
    """The regions of what is treated or blocked in one session, in the order of its joints; one, as it should be."""
    found: list[Region] = ["lumbar" if one == JUNCTION and BELOW_IT in joints else region_of(one) for one in joints]
    return list(dict.fromkeys(found))


def region_of_all(joints: Sequence[str]) -> Region:
    """The region of a session: that of its first joint, where a record from elsewhere has joints of several."""
    return regions_of(joints)[0]


def nerves_of(one: str) -> tuple[str, ...]:
    """The nerves of a joint in its canonical form, the upper first."""
    if one == "SI":
        return _SACROILIAC
    upper = one.partition("-")[0]
    at = _VERTEBRAE.index(upper)
    if upper[0] == "C":
        lower = "C8" if upper == "C7" else _VERTEBRAE[at + 1]
        return (THIRD_OCCIPITAL, "C3") if upper == "C2" else (upper, lower)
    above = "C8" if upper == "T1" else _VERTEBRAE[at - 1]
    return (above, DORSAL_RAMUS if upper == "L5" else upper)


def nerves_of_all(joints: Iterable[str]) -> list[str]:
    """The nerves of some joints, each once, in the order of the joints."""
    return list(dict.fromkeys(nerve for one in joints for nerve in nerves_of(one)))


def nerve(text: str) -> str:
    """A nerve in its canonical form: `L4`, `L5 dorsal ramus`, `third occipital nerve`, `S1 lateral branch`.

    Raises:
        NoSuchLevelError: no nerve that carries pain from a facet or sacroiliac joint.
    """
    spoken = " ".join(text.lower().replace("medial branch", "").split())
    known = {n.lower(): n for n in (DORSAL_RAMUS, THIRD_OCCIPITAL, *_SACROILIAC, "C8", *_VERTEBRAE[2:-1])}
    found = _SPOKEN.get(spoken) or known.get(spoken)
    if found is None:
        raise NoSuchLevelError("no nerve of a facet or sacroiliac joint")
    return found


def codes_of(
    region: Region, joints: list[str], technique: Technique | None, *, temperature_c: float | None = None
) -> list[Code]:
    """CPT codes: one for the first joint and one for the further ones; both sides of a level count once.

    Pulsed radiofrequency and heat under 80 °C have no code of destruction: the unlisted one, once a session. Without joints
    the list is empty.
    """
    if not joints:
        return []
    if technique == "pulsed" or (temperature_c is not None and temperature_c < ABLATES_FROM):
        return [Code(UNLISTED, 1)]
    if region == "sacroiliac":
        return [Code(CODE_SACROILIAC, 1)]
    first, further = CODES[region]
    if JUNCTION in joints and region == "lumbar":
        first = CODES["thoracic"][0]
    return [Code(first, 1)] + ([Code(further, len(joints) - 1)] if len(joints) > 1 else [])


def spoken(joints: Iterable[str]) -> str:
    """Joints as a clinician says them: neighbours run together, `L4-5` and `L5-S1` as `L4-S1`."""
    runs: list[list[str]] = []
    for one in joints:
        if one == "SI":
            runs.append(["SI joint", ""])
            continue
        upper, _, lower = one.partition("-")
        lower = upper[0] + lower if lower.isdigit() else lower
        if runs and runs[-1][1] == upper:
            runs[-1][1] = lower
        else:
            runs.append([upper, lower])
    return ", ".join(_run(*run) for run in runs)


def _run(upper: str, lower: str) -> str:
    if not lower:
        return upper
    return f"{upper}-{lower[1:]}" if lower[0] == upper[0] else f"{upper}-{lower}"
