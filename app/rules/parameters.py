"""Every number by which people are looked after, beside the engine's own (`app/relief/parameters.py`), with its source.

Sources: [Govind 2003] numbness over the joint for weeks after a medial branch neurotomy; [Singh 2019] neuritis after it;
[Pagé 2022] day-to-day SD of daily scores. "Chosen" marks what no source gives. What belongs to one instrument or one
drug stands with it: `questionnaires.py`, `blocks.py`, `levels.py`, `plan.py` and the TOML files.
"""

from datetime import timedelta
from typing import Final

from app.relief import RECALLED_DAYS, SETTLING_DAYS, SILENT_DAYS
from app.rules.words import Region

# --- the diary ---------------------------------------------------------------------------------------------------
RECALLED_AFTER: Final = timedelta(days=RECALLED_DAYS)  # an entry written down later than this is recalled
RESOLVED_AFTER: Final = timedelta(days=14)  # a side effect not reported for this long, while entries go on; chosen
DOSE_MOVED: Final = 1.2  # a dose of so many times the other is a change; chosen, below one tablet of five

# --- side effects: the last day on which each is expected, where it is mild and in the treated skin -----------------
EXPECTED_UNTIL: Final = {
    "soreness": 14,  # two weeks; usual discharge advice
    "bruising": 14,  # two weeks; usual discharge advice
    "burning": 21,  # sunburn-like skin for three weeks; chosen, [Singh 2019] has only how many have it by week 6
    "tingling": 21,  # as burning; chosen
    "numbness": 84,  # up to twelve weeks [Govind 2003]
}
EXPECTED_SEVERITY: Final = 2  # of 1 to 4: mild or moderate; chosen

# --- the care path -----------------------------------------------------------------------------------------------
SETTLES_LATER: Final[dict[Region, int]] = {
    "thoracic": 84
}  # days; relief comes later there, as clinics say; how much, chosen
STAGED_WITHIN: Final = timedelta(days=180)  # another procedure in the region within so many days is staged; chosen
KNOWN_FOR: Final = SILENT_DAYS  # days for which the newest entry still tells the phase
SHOWN_BEFORE: Final = 28  # days of diary before a procedure that belong to its answer: the baseline twice; chosen
MILESTONES: Final = (  # name, first and last day: the contacts of the plan, three months as 13 weeks, 2 either way
    ("weeks_6_8", 42, 56),
    ("months_3", 77, 105),
    ("months_6", 166, 200),
    ("months_12", 345, 385),  # 20 days either way; the call itself may come ten days later
)
MILESTONE_NOW: Final = 14  # days that make "now"; as long as the baseline
QUESTIONNAIRE_NEAR: Final = 21  # days by which a questionnaire may lie outside its milestone; chosen
QUESTIONNAIRE_FROM: Final = 42  # answered earlier, it is of the settling [studies judge at 4-8 weeks; chosen]
CASE_IN_TIME: Final = 14  # days from a return to an opened review that count as in time; chosen


def settling_days(region: Region) -> int:
    """Days after a procedure of a region for which nothing is said to have failed."""
    return SETTLES_LATER.get(region, SETTLING_DAYS)


# --- flags -------------------------------------------------------------------------------------------------------
RED_FLAG_RECENT: Final = timedelta(days=30)  # of an earlier day somebody reads; a phone may be offline so long; chosen
UNDONE_WITHIN: Final = timedelta(minutes=15)  # for which a resolved flag can be taken back; chosen, a slip shows soon
EMERGENCY_WITHIN: Final = timedelta(hours=1)  # of a sign that sends the patient to an emergency department; chosen
DUE_WITHIN: Final = {"now": timedelta(hours=4), "soon": timedelta(days=2), "later": timedelta(days=7)}  # chosen
SILENT_AFTER: Final = 14  # days without an entry while the patient is followed; chosen, as long as the baseline
WORSE_AFTER: Final = 14  # days; before, soreness of the procedure
WORSE_BELOW: Final = -15.0  # percent of relief below which pain is worse than before: a point of seven; chosen
RISING_OPIOIDS: Final = 50.0  # percent above the dose of before; chosen
FUNCTION_NOW: Final = 14  # days that are compared with ...
FUNCTION_BEFORE: Final = 56  # ... so many before them; chosen, over the moods of some six weeks
FUNCTION_DAYS: Final = 5  # days that say so at least, and twice as many before; chosen, as for a baseline
FUNCTION_FALLS: Final = 2.0  # points of interference; two of ten are meaningful [IMMPACT]
SICK_DAYS: Final = 3  # days off sick in those two weeks, where there were none before; chosen
MISSED_FOR: Final = 60  # days after its window for which a missed contact is still flagged; chosen
ASKED_FOR: Final = timedelta(days=3)  # a flag waits this long for the patient's answer before it is handed on; chosen
BUDGET_WINDOW: Final = timedelta(days=7)  # days over which a clinic's alarm budget counts; chosen
HELD_LONGEST: Final = timedelta(days=14)  # no flag is held back for longer; chosen
LONG_IN_QUEUE: Final = timedelta(days=14)  # a review opened before is long in the queue; chosen

# --- what a picture and a sentence point out ---------------------------------------------------------------------
GAP_SHADED: Final = 7  # days in a row without a score; chosen
GAP_NAMED: Final = 28  # days from which a gap is labelled; chosen, what fits the width
FLARE_ABOVE: Final = 2.5  # points above the median level around it: twice the daily SD of 1.2 [Pagé 2022]
FLARE_AROUND: Final = 14  # days either side of which the median is taken; chosen
FLARE_JOINED: Final = 2  # days between two high days of one flare-up; chosen, a day left out
PHASES_TOLD: Final = 8  # so many phases are all told in words, of more only the long ones; chosen
PHASE_LONG: Final = 14  # days from which a phase is a long one; chosen
CHANCE_TOLD: Final = 0.01  # a chance is told as under this or over the rest, never as 0 or 1; chosen
BLOCKS_SHOWN: Final = 120  # days before the procedure from which blocks are drawn; chosen
MOST_FACTS: Final = 4  # of a sentence's, after the site: what is read in ten seconds; chosen
NO_MORE_THAN_THE_COHORT: Final = 0.05  # chance of an end below which a forecast rests on the age of the relief; chosen
SIDES_DIFFER: Final = (
    20.0  # percent of relief by which two sides differ before each is said; chosen, over a point of seven
)
ALSO_SAID: Final = 30  # percent: relief of a side that "no relief" does not stand for alone: it is meaningful [IMMPACT]
WORTH_SAYING: Final = 5  # percent by which a dose has changed before a sentence says so; chosen

# --- figures of groups -------------------------------------------------------------------------------------------
ENTERED_AT_ONCE: Final = 28  # days; a diary begun by then misses no return, as no spell that counts has ended yet
SMALLEST_GROUP: Final = 5  # procedures; the figures of a smaller group could tell of a person; usual for health data

# --- appointments --------------------------------------------------------------------------------------------------
# a cancellation this short before is late, for the slot is hard to fill; nor does a patient move to one so soon; chosen
LATE_WITHIN: Final = timedelta(hours=24)
OWN_MOVES: Final = 6  # appointments of a patient's within a day, after which they move none by themselves; chosen
ARRIVES_FROM: Final = timedelta(hours=12)  # before an appointment, from when somebody can have arrived for it; chosen
REMINDED_BEFORE: Final = timedelta(hours=48)  # a reminder comes this long before; chosen, time to say no
BOOKED_LONG_BEFORE: Final = timedelta(
    hours=24
)  # what was booked later than this before its reminder needs none; chosen
OFFER_STANDS: Final = timedelta(hours=24)  # so long a freed slot is kept for whoever it is offered to; chosen
OFFER_ENDS_BEFORE: Final = timedelta(hours=4)  # an offer ends so long before the slot, so that they can come; chosen
