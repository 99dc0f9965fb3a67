"""What the demo has on record beside the diary: blocks, questionnaires, and the follow-up contacts that were made."""

from datetime import date, timedelta
from uuid import UUID

from app.doors.demo.people import DemoPatient, Treatment
from app.record.assessments.schemas import AssessmentIn
from app.record.assessments.service import ASSESSMENT
from app.record.blocks.schemas import BlockIn
from app.record.blocks.service import BLOCK
from app.record.contacts.schemas import ContactIn
from app.record.contacts.service import CONTACT
from app.record.events.schemas import EventIn
from app.record.events.service import EVENT
from app.record.facts.kinds import AnyKind, FactIn
from app.rules.plan import CONTACTS

AFTER = {"lidocaine": ((30, 1), (60, 1), (120, 2), (240, 6)), "bupivacaine": ((30, 1), (120, 1), (240, 1), (480, 5))}


def facts_before(treatment: Treatment, performed_on: date) -> list[tuple[AnyKind, FactIn]]:
    """Two blocks with different agents, and a questionnaire."""
    side = "both" if treatment.laterality == "bilateral" else treatment.laterality
    out: list[tuple[AnyKind, FactIn]] = []
    for days, agent in ((56, "lidocaine"), (35, "bupivacaine")):
        after = [{"minutes": minutes, "pain": pain} for minutes, pain in AFTER[agent]]
        body = {
            "performed_on": performed_on - timedelta(days=days),
            "side": side,
            "joints": list(treatment.joints),
            "agent": agent,
            "pain_before": 7,
            "pain_after": after,
        }
        out.append((BLOCK, BlockIn.model_validate(body)))
    return [*out, _questionnaire(performed_on - timedelta(days=3), round(treatment.course.before))]


def events_of(someone: DemoPatient, today: date) -> list[tuple[AnyKind, FactIn]]:
    """What ended a watch or could mislead."""
    return [
        (EVENT, EventIn.model_validate({"kind": kind, "happened_on": today - timedelta(days=ago), "region": region}))
        for kind, ago, region in someone.events
    ]


def facts_after(
    treatment: Treatment, procedure_id: UUID, *, performed_on: date, today: date
) -> list[tuple[AnyKind, FactIn]]:
    """Questionnaires at eight weeks and half a year, and every contact but those that the clinic has missed."""
    out: list[tuple[AnyKind, FactIn]] = []
    for days in (54, 180):
        if performed_on + timedelta(days=days) <= today:
            held = treatment.course.ends is None or days < treatment.course.ends
            level = treatment.course.plateau if held else treatment.course.after
            out.append(_questionnaire(performed_on + timedelta(days=days), round(level)))
    for name, first, last in CONTACTS:
        if performed_on + timedelta(days=last) < today and name not in treatment.missed:
            done = performed_on + timedelta(days=(first + last) // 2)
            body = {"procedure_id": procedure_id, "contact": name, "done_on": done}
            out.append((CONTACT, ContactIn.model_validate(body)))
    return out


def _questionnaire(on: date, level: int) -> tuple[AnyKind, FactIn]:
    items = [min(10, max(0, level + shift)) for shift in (0, 1, -1)]
    return ASSESSMENT, AssessmentIn.model_validate({"kind": "peg", "answered_on": on, "items": items})
