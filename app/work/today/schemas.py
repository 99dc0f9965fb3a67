"""A patient's day on the wire."""

import datetime as dt
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Instant
from app.record.diary.schemas import EntryOut, Medication, SideEffect
from app.rules.words import Language, Laterality, Region, Severity, Side, SideEffectKind
from app.work.calendar.schemas import AppointmentOut, SlotOut

ONE = "0199a3c4-7d00-7a00-8000-000000000001"


class TreatedSite(BaseModel):
    """A site that was treated, or where pain was tested: pain is asked for here."""

    region: Region
    side: Side


class TreatmentDone(BaseModel):
    """A treatment."""

    procedure_id: UUID
    performed_on: date
    region: Region
    laterality: Laterality


class SentenceOut(BaseModel):
    """What is said from a day on, until the next sentence."""

    from_on: date
    says: str


class QuestionOut(BaseModel):
    """A question of a flag: whether the old pain has come back. It is answered at `POST /v1/flags/{flag_id}/answer`."""

    flag_id: UUID
    asked_at: Instant


class FormOut(BaseModel):
    """A questionnaire that is due, to be answered at `POST /v1/patients/{patient_id}/assessments`."""

    kind: str
    until: date


class OfferOut(BaseModel):
    """A freed slot that is kept for the patient: `POST /v1/waiting/{waiting_id}/accept` or `/decline`."""

    waiting_id: UUID
    slot: SlotOut
    until: Instant


class AskedConsent(BaseModel):
    """A text on which the patient has not said yes or no."""

    kind: str
    version: int
    text: str


class AskedOut(BaseModel):
    """All that is asked of the patient."""

    question: QuestionOut | None
    form: FormOut | None
    offers: list[OfferOut]
    consents: list[AskedConsent]


class StepOut(BaseModel):
    """A step back to normal activity."""

    first_on: date
    last_on: date
    says: str


class OwnRule(BaseModel):
    """A red flag that the clinic has added: the phone tells its advice without a signal."""

    kind: SideEffectKind
    least_severity: int
    advice: str
    severity: Severity = "now"


class CallOut(BaseModel):
    """Whom to call."""

    clinic: str
    phone: str | None
    emergency: str = Field(description="there always is one")


class TodayOut(BaseModel):
    """A patient's day: what was written, what is usual to write, what is asked, and where things stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "patient_id": ONE,
                "account_id": ONE,
                "by_proxy": False,
                "date": "2026-05-01",
                "time_zone": "Europe/Zurich",
                "language": "en",
                "sites": [{"region": "lumbar", "side": "left"}],
                "treatments": [
                    {"procedure_id": ONE, "performed_on": "2026-04-22", "region": "lumbar", "laterality": "left"}
                ],
                "today": None,
                "yesterday": None,
                "logged_on": ["2026-04-29", "2026-04-30"],
                "medicines": [{"code": "10689", "dose": 50, "unit": "mg", "times": 2}],
                "open_side_effects": [{"kind": "soreness", "severity": 1}],
                "activities": ["carrying shopping"],
                "asked": {"question": None, "form": None, "offers": [], "consents": []},
                "appointment": None,
                "says": "Day 10: soreness is expected; relief usually comes by week 3.",
                "sentences": [{"from_on": "2026-05-01", "says": "Day 10: soreness is expected."}],
                "plan": [{"first_on": "2026-04-22", "last_on": "2026-04-23", "says": "rest"}],
                "call": {"clinic": "Harbour Spine Clinic", "phone": "+41 44 555 01 00", "emergency": "144"},
                "own_rules": [],
            }
        }
    )

    patient_id: UUID
    account_id: UUID
    by_proxy: bool = Field(description="whether somebody else is signed in, who acts for the patient")
    date: date
    time_zone: str = Field(description="of the patient's record; the phone may be elsewhere")
    language: Language
    sites: list[TreatedSite]
    treatments: list[TreatmentDone] = Field(description="the oldest first")
    today: EntryOut | None
    yesterday: EntryOut | None
    logged_on: list[dt.date] = Field(description="days of the last six weeks that have an entry")
    medicines: list[Medication] = Field(description="what was taken in the last two weeks, the latest first")
    open_side_effects: list[SideEffect] = Field(description="as last written, where that was not none: still there?")
    activities: list[str] = Field(description="the painful activities that the patient has named")
    asked: AskedOut
    appointment: AppointmentOut | None = Field(description="the next one")
    says: str = Field(description="one sentence on where things stand: no promise, no chance, no diagnosis")
    sentences: list[SentenceOut] = Field(description="the same for the days to come, for a phone without a signal")
    plan: list[StepOut] = Field(description="the steps of the first weeks")
    call: CallOut
    own_rules: list[OwnRule]
