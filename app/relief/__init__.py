"""The relief engine: a diary goes in, a verdict comes out. Pure: no database, no clock, no framework.

Everything else of the service imports from here and from nowhere deeper.
"""

from .baseline import block_days
from .definitions import Response, relief_percent, response
from .engine import Trace, judge, trace
from .forward import Scratch
from .parameters import BASELINE_DAYS, ENGINE, SETTLING_DAYS
from .records import BOTH, DEFINITIONS, LEFT, PHASES, RIGHT, Definition, Diary, Laterality, Phase, Procedure
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
    "Laterality",
    "Phase",
    "Procedure",
    "Response",
    "Scratch",
    "Trace",
    "Verdict",
    "block_days",
    "judge",
    "relief_percent",
    "response",
    "trace",
]
