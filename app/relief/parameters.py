"""Every number of the relief model in one table, each with where it comes from.

Pain is on the 0-10 scale; a *level* is a fraction of the baseline unless a name says otherwise. A rate is per day.
Sources: [Pagé 2022] day-to-day SD and correlation of daily scores; [Costa 2019] flare-ups last hours to weeks, two to
six a year; [Lord 1996] return at half of the old pain, median 263 days; [Schofferman 2004] lumbar means of 9 to 11.6
months; [Heapy 2014] a single score's reliability is 0.65; [Ostelo 2008] 30 % is a meaningful change, 50 % a substantial
one; [Stone 2002] of paper diaries 90 % were said to be kept in time, 11 % were. "Chosen" marks what no source gives: such
values were set on simulated diaries (`tests/benchmarks/detection.py`), on seeds that the published table does not use.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrays import Floats

ENGINE: Final = "relief/3"

# --- definitions -------------------------------------------------------------------------------------------------
BASELINE_DAYS: Final = 14  # days before the procedure that make the baseline (design of the service)
BASELINE_MIN_LOGGED: Final = 3  # fewer logged days: not a diary baseline
BASELINE_RELIABLE: Final = 5  # the mean of five has a reliability of 0.90 [Heapy 2014]; fewer is `thin`
SETTLING_DAYS: Final = 56  # first judged at 4 to 8 weeks; no verdict of failure before
ONSET_LEVEL: Final = {"half": 0.5, "eighty": 0.2, "full": 0.5}  # relief begins at or below this level
# and has ended from this level on: half [Lord 1996]; all of it is back where less than a tenth is left, which is no
# improvement to speak of [Dworkin 2008: 10 to 20 % is the least]. A line at 1 would lie in the middle of who is back.
RETURN_LEVEL: Final = {"half": 0.5, "eighty": 0.2, "full": 0.9}

RESPONSE_PERCENT: Final = (30.0, 50.0, 80.0)  # of relief: partial, responder [Ostelo 2008], strong (usual of blocks)

# --- what a score says about the level ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Noise:
    """A kind of noise: SD of a day's own, SD of the mood, points, and the days in which a mood fades to 1/e."""

    noise: float
    mood: float
    days: float
    weight: float


KINDS: Final = (
    Noise(0.40, 0.45, 1.5, 0.22),
    Noise(0.65, 0.75, 1.5, 0.28),
    Noise(1.00, 1.20, 1.5, 0.16),
    Noise(0.35, 1.00, 4.0, 0.22),
    Noise(0.70, 1.00, 12.0, 0.12),
)
HEAVY_SHARE: Final = 0.08  # share of scores from a distribution HEAVY_TIMES as wide: heavy tails [Pagé 2022]
HEAVY_TIMES: Final = 2.6  # chosen
LEAST_CHANCE: Final = 1e-4  # of any score at any level: people mistype
LEVEL_STEP: Final = 0.25  # points; the grid on which levels are weighed
N_LEVEL: Final = 49  # levels 0 to 12: beyond the scale a score is 10 whatever the level
MOST_PAIN: Final = 11.0  # a level may lie a little beyond the scale's end; chosen
LEVEL_SPREAD: Final = 2  # places of the grid over which a state stands for the levels about it; chosen
LEVEL_LEAST_WIDTH: Final = 0.1
SCORE_STEP: Final = 0.25  # scores are read to the nearest quarter
HABIT_SCORES: Final = 10  # so many scores, HABIT_DISTINCT of them different, show a rounding habit; by chance 1 in 400
HABIT_DISTINCT: Final = 3
FEW_SCORES: Final = (0.0, 3.0, 5.0, 7.0, 10.0)  # a habit of none, mild, middling, bad and worst; chosen
WORST_GAP: Final = 2.0  # points from a patient's average score to the worst, before any are logged; chosen
WORST_GAP_WEIGHT: Final = 5.0  # days of the patient's own scores that this weighs as much as; chosen
WORST_ALONE_HALF: Final = 1.5  # a day with a worst score alone stands for its average this roughly; chosen
CLINIC_BASELINE_SD: Final = 0.9  # one recorded number against the true mean: single-score error, rest chosen
DIARY_BASELINE_SD: Final = 1.1  # SD of one day's score around the mean, correlated days included

# --- medicine that hides pain ------------------------------------------------------------------------------------
MASK_PAIN_PER_MME: Final = 0.05  # pain points that one extra mg of morphine equivalent may hide; chosen
MASK_MOST: Final = 2.0  # never explains more than this many points
NO_DOSE: Final = 0.5  # MME a day below which a mean is none; chosen
MASK_FREE_MME: Final = 5.0  # a change below this, or below MASK_FREE_SHARE of the usual dose, is ignored
MASK_FREE_SHARE: Final = 0.35
MASK_FREE_PAIN: Final = 0.75  # points by which recent scores may lie over the lowest usual ones by chance; chosen
MASKED_FROM: Final = 0.75  # points that a dose hides around a return, or could hide, from which on it is told; chosen
MASK_RECENT_DAYS: Final = 10  # the dose now ...
MASK_USUAL_DAYS: Final = 90  # ... against the dose in this many days before
MASK_RECENT_LEAST: Final = 2  # days of either stretch that must say a dose; chosen
MASK_USUAL_LEAST: Final = 5
MASK_BEFORE: Final = 7  # days before a return, and after it, over which hidden points are averaged; chosen
MASK_AFTER: Final = 21

# --- the course --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flare:
    """A kind of flare-up: points above the plateau, rate a day, mean days, stages of its Erlang duration."""

    rise: float
    rate: float
    days: float
    stages: int


STEADY_AT: Final = 0.5  # chance of a lasting level, under which a flare-up or a climb has most likely begun
SPELL_DAYS: Final = 28  # relief counts where it held so long: beyond any anaesthetic or steroid (design; chosen)
STANDS_DAYS: Final = 42  # a rise that stood so long is the return, less is a bad spell (design; chosen)
MOOD_COHORTS: Final = (0, 1, 3)  # cohorts with a mood of their own: one of weeks is forgotten after them; chosen
COHORT_DAYS: Final = 4  # onset and return are told apart by so many days; chosen
# beyond STANDS_DAYS and ten days more: a return is dated before its cohort is forgotten; chosen
ENDED_COHORTS: Final = 13
# the settled levels of ...
DENSITY_LEVEL: Final = (0.0, 0.03, 0.13, 0.22, 0.31, 0.39, 0.46, 0.56, 0.68, 0.82, 1.00, 1.15, 1.5, 2.2, 3.0)
DENSITY: Final = (
    110,
    110,
    122,
    133,
    138,
    125,
    78,
    60,
    56,
    46,
    38,
    28,
    8,
    2,
    0.5,
)  # of settled levels; two in three respond
# levels of relief, of the line of the onset; some half a point apart; chosen
PLATEAU_OF_LINE: Final = (0.0, 0.12, 0.28, 0.45, 0.62, 0.78, 0.92)
# levels without relief, of baseline; those over the line; 8 to 10 % apart, wider far above; chosen
CLEAR_OF_LINE: Final = 1.06  # levels of pain begin at so many times the line: one at the line is neither; chosen
ABOVE_LINE: Final = (
    0.215,
    0.25,
    0.3,
    0.36,
    0.43,
    0.54,
    0.59,
    0.65,
    0.71,
    0.78,
    0.86,
    0.94,
    1.03,
    1.13,
    1.25,
    1.4,
    1.55,
    1.7,
    1.85,
    2.1,
    2.5,
    3.0,
)
SETTLING_LEVEL: Final = (0.72, 0.95, 1.2)  # before relief: between falling and a post-procedure flare
SETTLING_ENDS: Final = 1 / 12  # full relief by two to three weeks, later for some
SETTLING_MIX: Final = 0.12  # chosen
START_LATE: Final = 0.15  # share for whom nothing has begun to settle; chosen
LATE_ONSET: Final = 1 / 1200  # rate at which relief still begins, later on; chosen
HIGH_MOVE: Final = 1 / 16  # a level at or above the line moves to a neighbour HIGH_APART away this often, ...
HIGH_APART: Final = 0.06  # ... of baseline, and the more rarely the farther that lies; chosen
EARLY_DAYS: Final = 21  # an anaesthetic acts for hours, a steroid for two or three weeks
EARLY_FAILS: Final = 1 / 140  # rate at which relief ends in these days, and ...
YOUNG_FAILS: Final = 1 / 500  # ... in the week after them; chosen
PLATEAU_MOVE: Final = 1 / 90  # a plateau moves to a neighbour this often; chosen
FLARES: Final = (  # two to six a year, of hours to weeks [Costa 2019]; heights and the mix chosen
    Flare(4.5, 1.6 / 365, 3.5, 1),
    Flare(7.0, 1.4 / 365, 5.0, 1),
    Flare(2.4, 4.0 / 365, 3.5, 1),
    Flare(2.2, 0.8 / 365, 15.0, 3),
    Flare(4.2, 0.6 / 365, 15.0, 3),
    Flare(3.2, 0.10 / 365, 27.0, 3),
)
YOUNG_FLARES: Final = 2  # the first so many kinds are those of young relief as well: high ones of days
PRONE_TIMES: Final = (0.25, 3.6)  # how much rarer and more frequent flare-ups are in calm and in prone patients; chosen
PRONE_WEIGHT: Final = (0.62, 0.38)  # shares of calm and prone patients; chosen wide, so that the diary decides
RELIEF_MEDIAN: Final = 275.0  # days from procedure to return [Lord 1996; Schofferman 2004]
RELIEF_LOG_SD: Final = 0.65  # SD of its logarithm: a wide spread, as in every series; chosen
EARLY_SHARE: Final = 0.12  # of reliefs that end early, ...
EARLY_MEAN: Final = 120.0  # ... at a rate of one in so many days; chosen
RELIEF_PEOPLE: Final = 10.0  # returns that the literature's median weighs as much as: those of series differ by a fifth
LEARNED_FROM: Final = 10  # returns that a clinic has seen, below which it has taught nothing yet; chosen
CLINICS_APART: Final = 0.6  # SD of the logarithm of clinics' medians, ...
SPREADS_APART: Final = 0.4  # ... and of the logarithm of their spreads, by which what one has seen is read; chosen wide
RELIEF_SHARED: Final = 0.35  # share of the variance that is between people and not between treatments of one; chosen
HAZARD_LEAD: Final = 15  # days from the start of a climb to its crossing of the line
RETURN_ABRUPT: Final = 0.18  # share of returns that come within days
# levels of an abrupt return, and how common each is; most come back to what was; chosen
RETURN_TO: Final = ((0.5, 0.5), (0.8, 0.7), (0.95, 2.0), (1.1, 1.2), (1.3, 0.4), (1.75, 0.1), (2.2, 0.03), (3.0, 0.01))
CLIMB_DAYS: Final = (7.0, 35.0)  # plateau to line: fast and slow; "2-3 months more often than a jump"
CLIMB_WEIGHT: Final = (0.5, 0.5)  # shares of the two; chosen
CLIMB_WAY: Final = (0.3, 0.6, 0.88)  # rungs of a climb, of the way from the plateau to the line; chosen
CLIMB_STOPS: Final = 0.12  # chance that a climb ends at a rung below the line
CLIMB_TOP: Final = 1.35  # a climb goes on up to here, of baseline; chosen
RUNG_RATE: Final = 1 / 7  # how fast it goes on beyond the line, and ...
RUNG_STOPS: Final = 0.2  # ... the chance that it stays at each rung; chosen
GOOD_SPELL_LEVEL: Final = (0.5,)  # of the line
GOOD_SPELL_RATE: Final = 1 / 150  # good spells of what has ended, a day, and ...
GOOD_SPELL_DAYS: Final = 10.0  # ... their days; chosen
JOINED_LATE_DAYS: Final = 56  # a diary that begins later says nothing of what was before (design; chosen)
JOINED_WELL: Final = 0.6  # share of those in relief among who joins late; chosen


def level_density(level: Floats) -> Floats:
    """How common a settled level is, as a share of the baseline, by interpolation."""
    return np.asarray(np.interp(level, DENSITY_LEVEL, DENSITY))


# --- when a phase is said ----------------------------------------------------------------------------------------
RETURNED_AT: Final = 0.70  # chosen on the false alarms that it costs; so are the others down to REACHED_UNTIL
RETURNED_UNTIL: Final = 0.10  # it takes more to leave a phase than to stay in it
RETURNING_AT: Final = 0.50
RETURNING_UNTIL: Final = 0.06
EARLY_AT: Final = 0.90  # chance of relief on a day of the first weeks, from which there was some, ...
EARLY_SCORES: Final = 5  # ... where so many scores in a row were ...
EARLY_OF_LINE: Final = 0.75  # ... so far under the line on average; chosen
SIDES_APART: Final = 1.0  # points by which the side that a day leaves out was worse, ...
SIDE_RECENT_DAYS: Final = 14  # ... in so many days before, so that the day does not tell the worse side; chosen
WORST_ONLY_DAYS: Final = 28  # within which no average is logged beside the worst scores; chosen
SETTLED_AT: Final = 0.50  # chance of an end that has stood for STANDS_DAYS, from which it is settled; chosen
REACHED_AT: Final = 0.50
REACHED_UNTIL: Final = 0.12
SILENT_DAYS: Final = 60  # after so many days without a score the current relief is not known
DATE_TAIL: Final = 0.05
Z_90: Final = 1.645  # half of a normal 90 % interval, in standard errors
SLOW_MOOD: Final = 0.35  # points by which moods that last longer than those of KINDS move a level; chosen
MIN_LOGGED_FOR_RELIEF: Final = 3  # a single day's score has a reliability of 0.65 [Heapy 2014]
MIN_LOGGED_FOR_FAILURE: Final = 5
NEAR_LIMIT: Final = 0.10  # a level so near the line can be crossed by noise alone, as a share of baseline; chosen
RESPONSE_FROM: Final = 15  # days; before them, soreness of the procedure and the anaesthetic; chosen
RESPONSE_DAYS: Final = 28  # the response is that of the best so many days (design: the best month)

# --- what is told beside the phase ---------------------------------------------------------------------------------
CURRENT_DAYS: Final = 7  # "now" as a plain mean
WRITTEN_DAYS: Final = 14  # within which the last CURRENT_DAYS logged days may lie
SUMMARY_DAYS: Final = 14  # "before" and "now" of dose and steps: as long as the baseline
FORECAST_LONGEST: Final = 30_000  # days; beyond any life
FORECAST_CHANCE_DAYS: Final = 90  # the chance of a return that it says is that within so many days
REASONS: Final = 3  # entries named as reasons, at most: what is read in ten seconds; chosen
REASON_CHANCE: Final = (
    1e-3  # chances are kept so far from 0 and 1 before their odds are taken: beyond, each counts alike
)
REASON_BEFORE: Final = 14  # days before the earliest day of a return, and after its latest, whose entries may be named
REASON_AFTER: Final = 21
BORDERLINE_AT: Final = 0.5  # chance of a plateau near the limit
LOW_BASELINE: Final = 3.0  # points, under which percentages are unstable: one point is a third; chosen
SAME_SCORES: Final = 21  # equal scores in a row that look copied; chosen
RECALLED_DAYS: Final = 3  # written down later than so many days after: recalled, not logged [Stone 2002; days chosen]
RECALLED_SHARE: Final = 1 / 3  # of at least RECALLED_OF entries; chosen
RECALLED_OF: Final = 10
BASELINES_APART: Final = 2.0  # points between the diary's baseline and the clinic's that are told (design)
BASELINE_LATE_DAYS: Final = 14  # a baseline written down so many days after the procedure is recalled; chosen
SPARSE_FROM_DAYS: Final = 28  # days followed, from which a share of SPARSE_SHARE logged is few; chosen
SPARSE_SHARE: Final = 1 / 3
BAD_DAYS_LEVEL: Final = 0.5  # of baseline, from which a day is a bad one; chosen
BAD_DAYS_SHARE: Final = (
    0.85  # of few scores at or over half of baseline, from which they may be the bad days only; chosen
)
INTERRUPTED_DAYS: Final = 28  # from one score to the next, beyond which the diary was interrupted; chosen
STOPPED_DAYS: Final = 21  # after a return in which a dose that fell to nothing is told; chosen
ELSEWHERE_DAYS: Final = 28  # days of pain at another site, of which ELSEWHERE_LEAST ...
ELSEWHERE_LEAST: Final = 3  # ... at least were scored; chosen
ELSEWHERE_PAIN: Final = 4.0  # from here moderate pain, by the usual cut of the 0-10 scale
