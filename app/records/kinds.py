"""Every kind of fact there is, by its word."""

from app.assessments.service import ASSESSMENT
from app.blocks.service import BLOCK
from app.events.service import EVENT, WORK_UP
from app.facts.kinds import Kind
from app.plans.service import CONTACT
from app.procedures.service import PROCEDURE

KINDS: dict[str, Kind] = {k.name: k for k in (PROCEDURE, BLOCK, ASSESSMENT, EVENT, WORK_UP, CONTACT)}
