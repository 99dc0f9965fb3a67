"""Where a score is about: the words for regions of the spine and for sides, in four languages."""

import re

from app.record.diary.importing.table import simple
from app.record.diary.importing.values import BadCell, is_blank
from app.rules.words import REGIONS, Region, Side

NamedPlace = tuple[Region | None, Side | None]  # None is not said
WORDS: dict[Region, str] = {
    "cervical": "neck cervical nacken hals hws genick nuque cou cervicale cervicales cuello nuca c",
    "thoracic": "thoracic bws upperback midback middleback brustwirbelsaule dorsal dorsales dos haut milieu",
    "lumbar": "lumbar lowerback lowback lws kreuz lendenwirbelsaule lombaire lombaires lumbares basdudos zonalumbar lumbago",
    "sacroiliac": "sacroiliac si sijoint isg iliosakralgelenk sacroiliaque sacroiliaca",
}
SIDES: dict[Side, str] = {
    "left": "left l links linke linker linkes gauche izquierda izquierdo",
    "right": "right r rechts rechte rechter rechtes droite droit derecha derecho",
    "both": "both bilateral beide beidseits lr rl deux ambos ambas bothsides",
}
NEUTRAL = re.compile(
    "back|rucken|dos|espalda|pain|schmerz|side|seite|cote|lado|the|der|die|das|la|le|el|im|in|of|and|und|et|y|on"
)
LONGER = (
    "lowerback",
    "lowback",
    "upperback",
    "midback",
    "middleback",
    "basdudos",
    "zonalumbar",
    "sijoint",
    "bothsides",
)


def read_place(cell: str) -> NamedPlace:
    """A region and a side, as far as the words say: `Lower back, left`, `back L/R`, `Nacken rechts`.

    Raises:
        BadCell: words for a place that is not followed, such as a knee; it is never taken for the treated one.
    """
    if is_blank(cell):
        return None, None
    text = " ".join(re.findall(r"[^\W\d_]+", cell.lower().replace("l/r", "both").replace("r/l", "both")))
    for long in LONGER:
        text = re.sub(r"\b" + r"\s*".join(long) + r"\b", long, text)
    region: Region | None = None
    side: Side | None = None
    for word in map(simple, text.split()):
        named = next((r for r in REGIONS if word in WORDS[r].split() and not NEUTRAL.fullmatch(word)), None)
        turned: Side | None = next((s for s, words in SIDES.items() if word in words.split()), None)
        if named is not None and region in (None, named):
            region = named
        elif turned is not None:
            side = turned if side in (None, turned) else "both"
        elif not NEUTRAL.fullmatch(word):
            raise BadCell("is no place of the spine that is followed; leave it out with --only, or say --map place=-")
    return region, side


def site(place: NamedPlace, treated: tuple[str, str] | None) -> tuple[str, str] | None:
    """The site that a place means, beside the treated one; None where nothing is said, which is the treated one.

    Raises:
        BadCell: a side of a region that nobody knows.
    """
    region, side = place
    if region is None and side is None:
        return None
    if region is None and treated is None:
        raise BadCell("names a side and no region; say --region")
    known = region or (treated[0] if treated else "")
    own = treated[1] if treated is not None and treated[0] == known else "both"
    return known, side or own
