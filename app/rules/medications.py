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


DoseChange = Literal["started", "stopped", "up", "down", "same", "unknown"]


def class_changes(before: list[list[Dose]], now: list[list[Dose]]) -> dict[str, DoseChange]:
    """For each kind of medication, how its use now compares with before; each a list of days, each day what was taken.

    A day with a medication outside the catalogue is left out for kinds that it does not name. Use is doses a day; a
    change under a fifth is the same.
    """
    kinds = {m.kind for days in (before, now) for day in days for t in day if (m := known(t.code, t.name))}
    out: dict[str, DoseChange] = {}
    for kind in sorted(kinds):
        was, is_now = _doses(kind, before), _doses(kind, now)
        if was is None or is_now is None:
            out[kind] = "unknown"
        elif was == 0 or is_now == 0:
            out[kind] = "same" if was == is_now else "started" if was == 0 else "stopped"
        else:
            out[kind] = "up" if is_now > DOSE_MOVED * was else "down" if is_now < was / DOSE_MOVED else "same"
    return out


def _doses(kind: str, days: list[list[Dose]]) -> float | None:
    """Doses of a kind a day, each weighed by its amount; None where no day says."""
    total, said = 0.0, 0
    for day in days:
        mine = [t for t in day if (m := known(t.code, t.name)) and m.kind == kind]
        if not mine and any(known(t.code, t.name) is None for t in day):
            continue
        said += 1
        total += sum((t.dose or 1.0) * (1.0 if t.times is None else t.times) for t in mine)
    return total / said if said else None
