"""The relief engine: computes a verdict from a diary. Pure: no database, no clock, no framework.

The rest of the service imports from this package, not from its modules.
"""

from .baseline import block_days
from .cohort import SeenReliefs, learn
from .definitions import Response, relief_percent, response
from .durations import DurationPrior
from .engine import Asked, Trace, judge, judge_all, trace, trace_all
from .parameters import (
    BASELINE_DAYS,
    CURRENT_DAYS,
    ENGINE,
    LEARNED_FROM,
    ONSET_LEVEL,
    RECALLED_DAYS,
    SETTLING_DAYS,
    SILENT_DAYS,
    STANDS_DAYS,
    SUMMARY_DAYS,
)
from .records import (
    BOTH,
    DEFINITIONS,
    LEFT,
    PHASES,
    RIGHT,
    Definition,
    Diary,
    EarlierRelief,
    Floats,
    Laterality,
    Phase,
    Procedure,
)
from .run import EngineState
from .verdict import Confounder, SideVerdict, Verdict

__all__ = [
    "BASELINE_DAYS",
    "BOTH",
    "CURRENT_DAYS",
    "DEFINITIONS",
    "ENGINE",
    "LEARNED_FROM",
    "LEFT",
    "ONSET_LEVEL",
    "PHASES",
    "RECALLED_DAYS",
    "RIGHT",
    "SETTLING_DAYS",
    "SILENT_DAYS",
    "STANDS_DAYS",
    "SUMMARY_DAYS",
    "Asked",
    "Confounder",
    "Definition",
    "Diary",
    "DurationPrior",
    "EarlierRelief",
    "EngineState",
    "Floats",
    "Laterality",
    "Phase",
    "Procedure",
    "Response",
    "SeenReliefs",
    "SideVerdict",
    "Trace",
    "Verdict",
    "block_days",
    "judge",
    "judge_all",
    "learn",
    "relief_percent",
    "response",
    "trace",
    "trace_all",
]
