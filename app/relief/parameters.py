"""Every number of the relief model in one table, each with where it comes from.

Pain is on the 0-10 scale; a *level* is a fraction of the baseline unless a name says otherwise. A rate is per day.
Sources: [Pagé 2022] day-to-day SD and correlation of daily scores; [Costa 2019] flare-ups last hours to weeks, two to
six a year; [Lord 1996] return at half of the old pain, median 263 days; [Schofferman 2004] lumbar means of 9 to 11.6
months; [Heapy 2014] a single score's reliability is 0.65; [Ostelo 2008] 30 % is a meaningful change, 50 % a substantial
one; [Stone 2002] of paper diaries 90 % were said to be kept in time, 11 % were. "Chosen" marks what no source gives: such
values were set on simulated diaries (`tests/benchmarks/detection.py`), on seeds that the published table does not use.
"""

from typing import Final

ENGINE: Final = "relief/2"

# --- definitions -------------------------------------------------------------------------------------------------
BASELINE_DAYS: Final = 14  # days before the procedure that make the baseline (design of the service)
BASELINE_MIN_LOGGED: Final = 3  # fewer logged days: not a diary baseline
BASELINE_RELIABLE: Final = 5  # the mean of five has a reliability of 0.90 [Heapy 2014]; fewer is `thin`
SETTLING_DAYS: Final = 56  # first judged at 4 to 8 weeks; no verdict of failure before
ONSET_LEVEL: Final = {"half": 0.5, "eighty": 0.2, "full": 0.5}  # relief begins at or below this level
RETURN_LEVEL: Final = {"half": 0.5, "eighty": 0.2, "full": 1.0}  # and has ended from this level on [Lord 1996]

RESPONSE_PERCENT: Final = (30.0, 50.0, 80.0)  # of relief: partial, responder [Ostelo 2008], strong (usual of blocks)

# --- what a score says about the level ---------------------------------------------------------------------------
NOISE_SD: Final = (0.6, 1.0, 1.6)  # person's own SD, pain points: 0.8-1.5 and beyond both ends [Pagé 2022]
NOISE_CORRELATION: Final = (0.3, 0.4, 0.5)  # lag 1, of each kind of noise: 0.2-0.6 [Pagé 2022]
NOISE_WEIGHT: Final = (0.35, 0.45, 0.20)  # chosen to span the published spread
HEAVY_SHARE: Final = 0.08  # share of scores from a distribution HEAVY_TIMES as wide: heavy tails [Pagé 2022]
HEAVY_TIMES: Final = 2.6  # chosen
NOISE_FORGOTTEN: Final = 4  # days after which a score tells nothing of the next one's noise: 0.5 ** 4 is 0.06
LEAST_CHANCE: Final = 1e-4  # of any score at any level: people mistype
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
MASK_FREE_MME: Final = 5.0  # a change below this, or below MASK_FREE_SHARE of the usual dose, is ignored
MASK_FREE_SHARE: Final = 0.35
MASKED_FROM: Final = 0.75  # points hidden around the return that make it `masked`; chosen
MASK_RECENT_DAYS: Final = 10  # the dose now ...
MASK_USUAL_DAYS: Final = 90  # ... against the dose in this many days before
MASK_RECENT_LEAST: Final = 2  # days of either stretch that must say a dose; chosen
MASK_USUAL_LEAST: Final = 5
MASK_BEFORE: Final = 7  # days before a return, and after it, over which hidden points are averaged; chosen
MASK_AFTER: Final = 21

# --- the course --------------------------------------------------------------------------------------------------
PLATEAU: Final = (0.03, 0.13, 0.22, 0.31, 0.39, 0.46, 0.56, 0.68, 0.82, 1.00, 1.15)
PLATEAU_WEIGHT: Final = (8, 12, 12, 12, 10, 6, 6, 7, 7, 6, 4)  # two in three respond; flat within
PLATEAU_IN_RELIEF: Final = 6  # the first so many of PLATEAU are at or below half
PLATEAU_DRIFT: Final = 1 / 180  # a plateau moves to its neighbour this often; chosen
DRIFT_EVERY: Final = 32  # days; the drift is so slow that it is applied once in so many
SETTLE_LEVEL: Final = (0.65, 1.10)  # before relief: between falling and a post-procedure flare
SETTLE_END: Final = 1 / 12  # full relief by two to three weeks, later for some
SETTLE_MIX: Final = 0.12  # chosen
FLARE_RISE: Final = (1.4, 2.7, 4.2, 6.6)  # pain points above the plateau [Costa 2019: two or more points]
FLARE_RISE_WEIGHT: Final = (0.30, 0.30, 0.25, 0.15)  # small ones are commoner; chosen
FLARE_SHORT_RATE: Final = (2.6 / 365, 2.6 / 365)  # rate of short flare-ups in calm and in prone patients
FLARE_SHORT_DAYS: Final = 3.5
FLARE_LONG_RATE: Final = (0.7 / 365, 7.0 / 365)  # two to six a year in all [Costa 2019]; in the prone, many long ones
FLARE_LONG_DAYS: Final = 13.0  # now and then longer than 1-10 days [Costa 2019]
FLARE_LONG_STAGES: Final = 4  # stages of an Erlang duration: rarely under 5 days or over 25
PRONE_WEIGHT: Final = (0.6, 0.4)  # shares of calm and prone patients; chosen wide, so that the diary decides
RETURN_RATE: Final = 1 / 320  # about a median of 220 days [Lord 1996; Schofferman 2004]
RETURN_ABRUPT: Final = 0.25  # share of returns that come within days
LADDER_STEPS: Final = 7  # rungs from the plateau to LADDER_TOP
LADDER_TOP: Final = 1.20
LEVEL_BLUR: Final = 0.04  # SD of a level within its rung: rungs are some 0.14 apart, and 0.14 / sqrt(12) = 0.04
CLIMB_DAYS: Final = (18.0, 75.0)  # plateau to top: fast and slow; "2-3 months more often than a jump"
CLIMB_WEIGHT: Final = (0.45, 0.55)
STOP_WAY: Final = (1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6)  # of the way up ...
STOP_CHANCE: Final = (0.03, 0.08, 0.20, 0.35, 0.55)  # ... chance that the climb ends there, each sixth of the way
REST_MOVE: Final = 1 / 90  # after the return the level still moves by a rung this often
REST_BACK: Final = 1 / 700  # rate at which a return reverses to the plateau

# --- when a phase is said ----------------------------------------------------------------------------------------
RETURNED_AT: Final = 0.70  # chosen on the false alarms that it costs, about one in fifty patient-years
RETURNING_AT: Final = 0.50
REACHED_AT: Final = 0.50
REACHED_FOR_RETURN: Final = 0.60  # a return is reported only where relief was most likely reached
SILENT_DAYS: Final = 60  # after so many days without a score the current relief is not known
SMOOTH_FROM: Final = 0.01  # a date is looked for from the last stretch of days on which its event was this likely ...
SMOOTH_BEFORE: Final = 32  # ... and so many days before ...
SMOOTH_AFTER: Final = 60  # ... to so many days after it had become likely; later scores hardly move the date
DATE_TAIL: Final = 0.05
EARLIEST_RETURN_DAYS: Final = 28  # before this, pain after a good week is still settling
MIN_LOGGED_FOR_RELIEF: Final = 3  # a single day's score has a reliability of 0.65 [Heapy 2014]
MIN_LOGGED_FOR_FAILURE: Final = 5
NEAR_LIMIT: Final = 0.08  # a plateau so near the limit can be crossed by noise alone: half a rung of PLATEAU
FAILURE_DAYS: Final = 28  # the response without relief is that of so many days; chosen

# --- what is told beside the phase ---------------------------------------------------------------------------------
CURRENT_DAYS: Final = 7  # "now" as a plain mean
SUMMARY_DAYS: Final = 14  # "before" and "now" of dose and steps: as long as the baseline
FORECAST_STEP: Final = 15  # days per step of the forecast
FORECAST_DAYS: Final = 5 * 365  # how far it looks: nine in ten returns have come by then
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
ELSEWHERE_DAYS: Final = 28  # days of pain at another site, of which ELSEWHERE_LEAST ...
ELSEWHERE_LEAST: Final = 3  # ... at least were scored; chosen
ELSEWHERE_PAIN: Final = 4.0  # from here moderate pain, by the usual cut of the 0-10 scale
