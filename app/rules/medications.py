"""Morphine milligram equivalents (MME) a day, by the table in `medications.toml`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from .parameters import DOSE_MOVED


@dataclass(frozen=True)
class Dose:
    """One medication as taken on one day: `times` doses of `dose` `unit`; None is not known."""

    code: str | None
    dose: float | None
    unit: str | None
    times: float | None
    name: str | None = None


@dataclass(frozen=True)
class CatalogueEntry:
    """A medication of the catalogue, with its MME factor per unit; an opioid without a factor has no known equivalent.

    `code` is that of the RxNorm ingredient, None where it could not be confirmed.
    """

    code: str | None
    name: str
    kind: str
    units: dict[str, float]


@cache
def _table() -> tuple[str, tuple[CatalogueEntry, ...]]:
    data = tomllib.loads((files(__package__) / "medications.toml").read_text("utf-8"))
    found = (CatalogueEntry(m.get("code"), m["name"], m["kind"], m.get("units", {})) for m in data["medication"])
    return str(data["version"]), tuple(found)


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Common analgesics and adjuvants."""
    return _table()[1]


def table_version() -> str:
    """The version of the table of MME factors."""
    return _table()[0]


@cache
def _by_word() -> dict[str, CatalogueEntry]:
    return {word: m for m in catalogue() for word in (m.code, m.name) if word}


def known(code: str | None, name: str | None) -> CatalogueEntry | None:
    """The catalogue's medication by its code or, where none is given, by its name; None if it is not there."""
    return _by_word().get(code or (name or "").strip().lower())


def opioid_mme(taken: Iterable[Dose] | None) -> float | None:
    """MME of a day (CDC 2022 factors).

    None where it is not known: nothing was said about medication, one is not in the catalogue, a dose is missing, or an
    opioid has no factor (buprenorphine). 0 only where what was taken is known and holds no opioid.
    """
    if taken is None:
        return None
    total = 0.0
    for one in taken:
        found = known(one.code, one.name)
        if found is None:
            return None
        if found.kind != "opioid":
            continue
        factor = found.units.get(one.unit or "")
        if factor is None or one.dose is None or (one.times is None and one.unit != "mcg/h"):
            return None
        times = (
            1.0 if one.times is None else float(one.times)
        )  # of patches: how many are worn; each gives its rate all day
        total += factor * one.dose * times
    return round(total, 2)


DoseChange = Literal["started", "stopped", "up", "down", "same", "mixed", "unknown"]
RISES, FALLS = {"up", "started"}, {"down", "stopped"}


def class_changes(before: list[list[Dose]], now: list[list[Dose]]) -> dict[str, DoseChange]:
    """For each kind of medication, how its use now compares with before; each a list of days, each day what was taken.

    Opioids compare by MME a day. Another kind goes up or down where each of its drugs does, for milligrams of different
    drugs do not add up; `mixed` is one way with one and another with another. A change under a fifth is the same.
    """
    taken = [m for days in (before, now) for day in days for t in day if (m := known(t.code, t.name))]
    out: dict[str, DoseChange] = {}
    for kind in sorted({m.kind for m in taken}):
        if kind == "opioid":
            out[kind] = _compared(_mme_a_day(before), _mme_a_day(now))
            continue
        names = sorted({m.name for m in taken if m.kind == kind})
        out[kind] = _together([_compared(_doses(name, before), _doses(name, now)) for name in names])
    return out


def _together(moves: list[DoseChange]) -> DoseChange:
    """The change of a kind from those of its drugs."""
    found = set(moves)
    if len(found) == 1:
        return moves[0]
    if "unknown" in found:
        return "unknown"
    return "up" if found <= RISES else "down" if found <= FALLS else "mixed"


def _compared(was: float | None, is_now: float | None) -> DoseChange:
    if was is None or is_now is None:
        return "unknown"
    if was == 0 or is_now == 0:
        return "same" if was == is_now else "started" if was == 0 else "stopped"
    return "up" if is_now > DOSE_MOVED * was else "down" if is_now < was / DOSE_MOVED else "same"


def _mme_a_day(days: list[list[Dose]]) -> float | None:
    """Mean MME of the days on which it is known; None where it is on none."""
    found = [mme for day in days if (mme := opioid_mme(day)) is not None]
    return sum(found) / len(found) if found else None


def _doses(name: str, days: list[list[Dose]]) -> float | None:
    """Doses of a drug a day, each weighed by its amount; None where no day says.

    A day with a medication outside the catalogue is left out where it does not name the drug.
    """
    total, said = 0.0, 0
    for day in days:
        mine = [t for t in day if (m := known(t.code, t.name)) and m.name == name]
        if not mine and any(known(t.code, t.name) is None for t in day):
            continue
        said += 1
        total += sum((t.dose or 1.0) * (1.0 if t.times is None else t.times) for t in mine)
    return total / said if said else None
