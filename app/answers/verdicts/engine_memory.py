"""What the engine left behind of the procedures that were asked about last, so that one new entry costs it one step."""

from uuid import UUID

from app.base.memory import ClinicMemory
from app.relief import Kept

MOST = 64  # procedures a process; each holds under a megabyte for a diary of a year
memory = ClinicMemory[UUID, Kept](MOST)
