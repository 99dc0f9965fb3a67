"""Who is in the demo: patients in every phase. Days count back from today."""

from dataclasses import dataclass, field

from app.doors.demo.courses import Course
from app.rules.words import Laterality, Phase, Region


@dataclass(frozen=True)
class Treatment:
    """One procedure `ago` days ago, and the course after it; `phase` is what it shows today, `missed` names contacts."""

    ago: int
    region: Region
    laterality: Laterality
    course: Course
    phase: Phase
    baseline_pain: float | None = None
    joints: tuple[str, ...] = ("L4-5", "L5-S1")
    missed: tuple[str, ...] = ()


@dataclass(frozen=True)
class DemoPatient:
    """One patient.

    Args:
        shows: what the patient is an example of.
        events: what ended the watch or could mislead: the kind, how many days ago, and the region.
        fever: whether today's entry tells of one.
    """

    name: str
    born_on: str
    shows: str
    treatments: list[Treatment] = field(default_factory=list)
    time_zone: str = "Europe/Zurich"
    events: tuple[tuple[str, int, Region], ...] = ()
    fever: bool = False


CLINIC = "Lakeside Pain Clinic"
SECOND_CLINIC = "Hillside Practice"
COUNTRY = "CH"
PHONES = {CLINIC: "+41 44 000 00 00", SECOND_CLINIC: "+41 44 000 00 01"}  # nobody's

PEOPLE = [
    DemoPatient(
        "Ada Berger",
        "1958-03-14",
        "relief that has ended, after 260 days",
        [Treatment(330, "lumbar", "bilateral", Course(7.2, 1.8, 6.6, ends=250, climb=30, mme=30), "returned")],
    ),
    DemoPatient(
        "Bruno Keller",
        "1964-11-02",
        "relief that is ending",
        [
            Treatment(
                240, "lumbar", "left", Course(7.0, 1.6, 5.4, ends=220, climb=25, logging=0.9, side="left"), "returning"
            )
        ],
    ),
    DemoPatient(
        "Clara Meier",
        "1971-06-21",
        "relief that holds",
        [Treatment(160, "lumbar", "right", Course(6.8, 1.5, logging=0.85, mme=20, side="right"), "relief", 7.0)],
    ),
    DemoPatient(
        "Dario Rossi",
        "1980-01-30",
        "the first weeks, when nothing is decided, and a red flag today",
        [Treatment(9, "lumbar", "bilateral", Course(7.4, 2.0, onset=25, logging=0.95), "settling")],
        fever=True,
    ),
    DemoPatient(
        "Elsa Frei",
        "1955-09-09",
        "a procedure that brought no relief",
        [Treatment(130, "lumbar", "bilateral", Course(6.9, 5.9), "no_relief", 7.0)],
    ),
    DemoPatient(
        "Felix Graf",
        "1962-04-17",
        "no baseline: nothing was written down before",
        [Treatment(75, "lumbar", "left", Course(6.5, 2.0, logged_before=0, side="left"), "unknown")],
    ),
    DemoPatient(
        "Greta Huber",
        "1967-12-05",
        "a climb hidden under a rising dose",
        [
            Treatment(
                300,
                "lumbar",
                "bilateral",
                Course(7.5, 2.0, 4.6, ends=220, climb=25, mme=20, mme_late=60, logging=0.9),
                "returned",
            )
        ],
    ),
    DemoPatient(
        "Hugo Iten",
        "1959-07-28",
        "a staged pair: the left side, and the right side eight weeks later",
        [
            Treatment(190, "lumbar", "left", Course(6.6, 1.4, side="left"), "relief", 7.0),
            Treatment(134, "lumbar", "right", Course(6.8, 1.8, side="right"), "relief", 7.0),
        ],
    ),
    DemoPatient(
        "Ines Jost",
        "1961-02-11",
        "a repeat after a return",
        [
            Treatment(480, "lumbar", "left", Course(7.1, 1.6, 6.5, ends=300, climb=30, side="left"), "returned"),
            Treatment(100, "lumbar", "left", Course(6.7, 1.3, side="left", logged_before=0), "relief", 7.0),
        ],
    ),
    DemoPatient(
        "Jonas Kunz",
        "1975-05-23",
        "a sparse diary with gaps",
        [Treatment(220, "lumbar", "bilateral", Course(6.9, 1.9, logging=0.3), "relief", 7.0)],
    ),
    DemoPatient(
        "Karin Lang",
        "1969-10-19",
        "the neck",
        [
            Treatment(
                400,
                "cervical",
                "right",
                Course(7.8, 1.5, 6.9, ends=270, climb=45, side="right"),
                "returned",
                8.0,
                ("C4-5", "C5-6"),
            )
        ],
    ),
    DemoPatient(
        "Luca Moser",
        "1983-08-08",
        "the chest",
        [Treatment(110, "thoracic", "left", Course(6.2, 1.7, onset=28, side="left"), "relief", 6.0, ("T7-8",))],
    ),
    DemoPatient(
        "Mara Noll",
        "1957-01-16",
        "the sacroiliac joint",
        [Treatment(95, "sacroiliac", "right", Course(6.7, 1.9, side="right"), "relief", 7.0, ("SI",), ("weeks_6_8",))],
    ),
    DemoPatient(
        "Otto Peter",
        "1954-06-12",
        "surgery, which ended the watch",
        [Treatment(250, "lumbar", "right", Course(7.0, 2.0, side="right", silent_from=190), "relief", 7.0)],
        events=(("surgery", 60, "lumbar"),),
    ),
    DemoPatient(
        "Petra Rey",
        "1963-02-27",
        "a late joiner: the diary begins in the fourth month, in relief",
        [Treatment(200, "lumbar", "left", Course(7.0, 1.8, side="left", logged_before=0, begins=110), "relief", 7.0)],
    ),
    DemoPatient(
        "Rita Senn",
        "1960-08-19",
        "a second spell: relief that ended, and came again",
        [
            Treatment(
                420,
                "lumbar",
                "bilateral",
                Course(7.3, 1.6, 6.9, onset=12, ends=200, climb=20, again=330, logging=0.9),
                "relief",
            )
        ],
    ),
    DemoPatient(
        "Sven Thoma",
        "1972-12-03",
        "worse than before",
        [Treatment(100, "lumbar", "left", Course(5.0, 7.9, side="left", logging=0.9), "no_relief", 5.0)],
    ),
]

SECOND_PEOPLE = [
    DemoPatient(
        "Nora Odermatt",
        "1966-03-03",
        "a patient of the other clinic",
        [Treatment(120, "lumbar", "right", Course(7.0, 1.6, side="right"), "relief", 7.0)],
        "America/New_York",
    ),
]
