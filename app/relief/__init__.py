"""The relief engine: a diary goes in, a verdict comes out. Pure: no database, no clock, no framework.

Everything else of the service imports from here and from nowhere deeper.
"""

from .baseline import block_days
from .definitions import Response, relief_percent, response
from .engine import Trace, judge, trace, trace_all
from .parameters import BASELINE_DAYS, ENGINE, SETTLING_DAYS
from .records import BOTH, DEFINITIONS, LEFT, PHASES, RIGHT, Definition, Diary, Floats, Laterality, Phase, Procedure
from .run import Kept
from .verdict import Verdict

__all__ = [
    "BASELINE_DAYS",
    "BOTH",
    "DEFINITIONS",
    "ENGINE",
    "LEFT",
    "PHASES",
    "RIGHT",
    "SETTLING_DAYS",
    "Definition",
    "Diary",
    "Floats",
    "Kept",
    "Laterality",
    "Phase",
    "Procedure",
    "Response",
    "Trace",
    "Verdict",
    "block_days",
    "judge",
    "relief_percent",
    "response",
    "trace",
    "trace_all",
]
