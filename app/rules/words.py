"""The words of the field, written once: everything that names a region, a side, a phase or a severity takes it from here."""

from typing import Literal, get_args

from app.relief import DEFINITIONS as DEFINITIONS  # the engine's own words: it imports nothing of the service
from app.relief import PHASES as PHASES
from app.relief import Definition as Definition
from app.relief import Laterality as Laterality  # of a procedure
from app.relief import Phase as Phase
from app.relief import Response as Response

Region = Literal["cervical", "thoracic", "lumbar", "sacroiliac"]
Side = Literal["left", "right", "both"]  # of a score; `both`: not told apart
Language = Literal["en", "de", "fr", "es"]  # in which patients are told what to do
Role = Literal["patient", "clinician", "scheduler", "admin", "operator"]
STAFF: tuple[Role, ...] = ("clinician", "scheduler", "admin")  # who works with patients
Severity = Literal["now", "soon", "later"]  # of a flag: today, within a day or two, within the week
SideEffectKind = Literal[
    "numbness",
    "tingling",
    "burning",
    "soreness",
    "weakness",
    "bruising",
    "fever",
    "wound_discharge",
    "headache",
    "bladder_or_bowel_change",
    "saddle_numbness",
    "chest_pain",
    "breathlessness",
    "hives",
    "swelling",
    "burn",
    "other",
]
Technique = Literal["thermal", "cooled", "pulsed"]
Guidance = Literal["fluoroscopy", "ct", "ultrasound"]
Sedation = Literal["none", "minimal", "moderate", "deep"]
ContactWindow = Literal["days_1_3", "weeks_2", "weeks_6_8", "months_3", "months_6", "months_12"]

REGIONS: tuple[Region, ...] = get_args(Region)
TECHNIQUES: tuple[Technique, ...] = get_args(Technique)
LATERALITIES: tuple[Laterality, ...] = get_args(Laterality)
LANGUAGES: tuple[Language, ...] = get_args(Language)
ROLES: tuple[Role, ...] = get_args(Role)
SIDE_OF: dict[str, Side] = {"left": "left", "right": "right", "bilateral": "both"}  # the side of a score, by laterality
