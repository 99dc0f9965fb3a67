"""A cache of the engine's state for the procedures asked about last, so that a new entry costs one engine step."""

from uuid import UUID

from app.base.memory import ClinicMemory
from app.relief import EngineState

MOST = 64  # procedures a process; each holds under a megabyte for a diary of a year
memory = ClinicMemory[UUID, EngineState](MOST)
