"""Every kind of fact there is, by its word."""

from app.record.assessments.service import ASSESSMENT
from app.record.blocks.service import BLOCK
from app.record.contacts.service import CONTACT
from app.record.events.service import EVENT, WORK_UP
from app.record.facts.kinds import AnyKind
from app.record.procedures.service import PROCEDURE

KINDS: dict[str, AnyKind] = {k.name: k for k in (PROCEDURE, BLOCK, ASSESSMENT, EVENT, WORK_UP, CONTACT)}
