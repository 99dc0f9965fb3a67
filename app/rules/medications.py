"""Morphine milligram equivalents (MME) a day, by the table in `medications.toml`."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Taken:
    """One medication as taken on one day: `times` doses of `dose` `unit`; None is not known."""

    code: str | None
    dose: float | None
    unit: str | None
    times: float | None


@dataclass(frozen=True)
class Medication:
    """One of the catalogue: its morphine factor for each unit; an opioid without a factor has no known equivalent."""

    code: str
    name: str
    kind: str
    units: dict[str, float]


@cache
def catalogue() -> dict[str, Medication]:
    """The catalogue by RxNorm ingredient code."""
    data = tomllib.loads((files(__package__) / "medications.toml").read_text("utf-8"))
    return {m["code"]: Medication(m["code"], m["name"], m["kind"], m.get("units", {})) for m in data["medication"]}


def opioid_mme(taken: Iterable[Taken] | None) -> float | None:
    """MME of a day (CDC 2022 factors).

    None where it is not known: nothing was said about medication, something is in no list, a dose is missing, or an
    opioid has no factor (buprenorphine). 0 only where what was taken is known and holds no opioid.
    """
    if taken is None:
        return None
    total = 0.0
    for one in taken:
        known = catalogue().get(one.code or "")
        if known is None:
            return None
        if known.kind != "opioid":
            continue
        factor = known.units.get(one.unit or "")
        if factor is None or one.dose is None or (one.times is None and one.unit != "mcg/h"):
            return None
        times = 1.0 if one.unit == "mcg/h" else float(one.times or 0)  # a patch gives its rate all day
        total += factor * one.dose * times
    return round(total, 2)
