"""The populations of generated diaries: ranges from which every quantity of a person and her course is drawn.

The first ten are ordinary people, harder in one way each; `wide` is harder in all of them at once. The last six break the
engine's assumptions on purpose: it knows nothing of noise that changes, of slow moods, of staircases and setbacks, or of
why a day is missing.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mix:
    """Pairs are ranges; rates are a year; shares and chances 0 to 1; pain in points of 10."""

    name: str = "typical"
    days: tuple[int, int] = (150, 720)  # followed; the last is left out
    baseline: tuple[float, float] = (4.5, 9.0)
    sd: tuple[float, float] = (0.88, 0.28)  # of daily noise: median and log-SD
    correlation: tuple[float, float] = (0.15, 0.55)  # lag 1
    noise: tuple[str, ...] = ("normal", "student", "laplace")
    flares: tuple[float, float] = (1.0, 5.0)
    flare_days: tuple[int, int] = (1, 10)
    flare_long: float = 0.04  # share of flares that last 11 to 18 days
    flare_rise: tuple[float, float] = (1.0, 4.5)
    logging: tuple[float, float] = (0.40, 0.95)  # share of days, falling from the start to the end
    gaps: float = 1.0  # of 7 to 28 days
    more_when_well: tuple[float, float] = (-0.3, 0.3)  # how logging leans on pain, by half a baseline
    skips_bad_days: tuple[float, float] = (-0.15, 0.15)  # the same by the day's own noise, a point
    never: float = 0.25  # share without half relief
    plateau: tuple[float, float] = (0.0, 0.42)  # of baseline
    relief_days: float = 270.0  # median
    falls_on: tuple[float, float] = (3.0, 28.0)  # middle of the way down, days
    partial: float = 0.2  # share of returns that stop at ...
    partial_top: tuple[float, float] = (0.56, 0.80)  # ... this share of baseline
    ramp: tuple[float, float] = (2.0, 160.0)  # days, uniform in the log or as they are
    curves: tuple[str, ...] = ("straight", "s", "fast first", "slow first")
    drift: float = 0.1  # points that the plateau wanders in half a year, SD
    masked: float = 0.08
    habits: tuple[float, float, float, float] = (0.75, 0.10, 0.08, 0.07)  # whole, halves, even only, 0-3-5-7-10
    diary_before: float = 0.7
    clinic_error: float = 0.6
    weekday: float = 0.15  # SD of how much a weekend differs
    mood: float = 0.0  # SD of a slow mood that forgets in three weeks
    late: float = 0.12
    corrected: float = 0.02
    recovers: float = 0.0  # share of returns after which pain goes again, for good, ...
    recovers_after: tuple[float, float] = (60.0, 150.0)  # ... so many days later
    early: float = (
        0.0  # share of those without half relief who have it for the first 4 to 14 days (the anaesthetic, a steroid)
    )
    joins: tuple[int, int] | None = None  # days after the procedure on which the diary begins; None: at once


TYPICAL = Mix()
MIXES = (
    TYPICAL,
    replace(TYPICAL, name="noisy", sd=(1.5, 0.1), correlation=(0.3, 0.7), flares=(5.0, 5.0)),
    replace(TYPICAL, name="sparse", logging=(0.30, 0.55), gaps=3.0),
    replace(TYPICAL, name="flare-ups", flares=(9.0, 9.0), flare_long=0.5),
    replace(TYPICAL, name="masked", masked=1.0),
    replace(TYPICAL, name="coarse", habits=(0.0, 0.2, 0.4, 0.4)),
    replace(TYPICAL, name="partial returns", partial=0.8),
    replace(TYPICAL, name="short relief", relief_days=110.0),
    replace(TYPICAL, name="drifting", drift=0.7),
    replace(TYPICAL, name="no diary before", diary_before=0.0, clinic_error=1.0),
)
WIDE = replace(
    TYPICAL,
    name="wide",
    baseline=(4.0, 9.0),
    sd=(0.95, 0.3),
    correlation=(0.2, 0.6),
    flares=(2.0, 6.0),
    flare_long=0.08,
    flare_rise=(1.0, 5.0),
    gaps=1.5,
    plateau=(0.0, 0.45),
    partial=0.25,
    drift=0.15,
    diary_before=0.6,
    clinic_error=0.8,
    weekday=0.25,
)
BREAKING = (
    replace(WIDE, name="changing noise", noise=("by level", "two spells")),
    replace(WIDE, name="slow moods", mood=0.6),
    replace(WIDE, name="stairs, setbacks", curves=("stairs", "setback"), ramp=(20.0, 160.0)),
    replace(WIDE, name="skips bad days", skips_bad_days=(-0.45, -0.25), more_when_well=(-0.6, -0.3)),
    replace(WIDE, name="on the line", plateau=(0.36, 0.47)),
    replace(WIDE, name="hard weekends", weekday=1.0),
)
LIVES = (
    # figures of public series of daily pain: runs of one score on 56 % of days, a departure that lasts (lag-1
    # correlation 0.57, lag 3 0.2, lag 5 0.1) and is heavy-tailed (kurtosis 10); see docs/engine.md
    replace(TYPICAL, name="patterned", noise=("patterned",), sd=(1.05, 0.2), flares=(0.0, 2.0)),
    replace(TYPICAL, name="late onset", falls_on=(30.0, 100.0)),
    replace(TYPICAL, name="recoveries", recovers=0.8, relief_days=180.0),
    replace(TYPICAL, name="early relief", early=0.9, never=0.5),
    replace(TYPICAL, name="late joiners", joins=(60, 400), days=(450, 720)),
)
