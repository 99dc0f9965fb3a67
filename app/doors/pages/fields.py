"""The fields of the forms: what is asked, with defaults, so that a form takes less than a minute."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.rules.levels import nerves_of, region_of
from app.rules.policies import Policy

JOINTS = (
    "C2-3",
    "C3-4",
    "C4-5",
    "C5-6",
    "C6-7",
    "C7-T1",
    "T1-2",
    "T2-3",
    "T3-4",
    "T4-5",
    "T5-6",
    "T6-7",
    "T7-8",
    "T8-9",
    "T9-10",
    "T10-11",
    "T11-12",
    "T12-L1",
    "L1-2",
    "L2-3",
    "L3-4",
    "L4-5",
    "L5-S1",
    "SI",
)
LANGUAGE_NAMES: dict[str, str] = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}
TOLD = "In which the patient is told what to do about a danger sign; otherwise in that of their messages, or English."
PAYER = "Who pays. Where a policy of the service or the clinic bears that name, it answers for a repeat."

Values = dict[str, str | list[str]]  # of a form as they were typed, by field


@dataclass(frozen=True)
class Field:
    """One field: `kind` is an input's type, `select` or `boxes`."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    default: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)
    step: str = "0.5"
    least: str = "0"
    most: str = "10"
    help: str = ""


def choice(name: str, label: str, *, values: str, required: bool = True, default: str = "") -> Field:
    """A list to choose from; not required, it begins with "not known"."""
    words = [(v, v.replace("_", " ")) for v in values.split()]
    return Field(name, label, "select", required, default, words if required else [("", "not known"), *words])


def joints() -> Field:
    """The joints, each with its region and its nerves."""
    boxes = [(one, "|".join([region_of(one), *nerves_of(one)])) for one in JOINTS]
    return Field("joints", "Joints", "boxes", choices=boxes)


def score(name: str, label: str, *, required: bool = False, help: str = "") -> Field:  # noqa: A002  # the field's name
    """A score from 0 to 10 in halves."""
    return Field(name, label, "number", required, help=help)


def procedure() -> list[Field]:
    """A rhizotomy."""
    return [
        Field("performed_on", "Day", "date", True),
        choice("region", "Region", values="lumbar cervical thoracic sacroiliac"),
        choice("laterality", "Side", values="bilateral left right"),
        joints(),
        score(
            "baseline_pain", "Pain before, 0 to 10", help="The clinic's own score; the diary's counts where it has one."
        ),
        choice("technique", "Technique", values="thermal cooled pulsed", required=False, default="thermal"),
        Field("temperature_c", "Temperature, °C", "number", default="80", step="1", least="37", most="100"),
        Field("seconds", "Seconds a lesion", "number", default="90", step="1", least="1", most="1800"),
        choice("guidance", "Guidance", values="fluoroscopy ct ultrasound", required=False, default="fluoroscopy"),
        choice("sedation", "Sedation", values="none minimal moderate deep", required=False),
        Field("operator", "Operator"),
    ]


def block() -> list[Field]:
    """A diagnostic block, with pain at the usual times after it."""
    after = [score(f"after_{m}", f"Pain after {m} minutes") for m in (15, 30, 60, 120, 240, 480)]
    return [
        Field("performed_on", "Day", "date", True),
        choice("side", "Side", values="left right both"),
        joints(),
        choice("agent", "Agent", values="lidocaine bupivacaine mepivacaine ropivacaine levobupivacaine other"),
        score("pain_before", "Pain just before", required=True),
        *after,
    ]


def assessment() -> list[Field]:
    """A questionnaire by its item values; the items' texts are proprietary and not included."""
    names = [Field(f"name_{i}", f"Activity {i}") for i in (1, 2, 3)]
    items = [Field(f"item_{i}", f"Item {i}", "number", step="1") for i in range(1, 11)]
    return [
        choice("kind", "Questionnaire", values="peg pgic odi ndi activities"),
        Field("answered_on", "Day", "date", True),
        *names,
        *items,
    ]


def patient(payers: Iterable[Policy]) -> list[Field]:
    """A patient; the payers that there are policies of are suggested."""
    zone = Field("time_zone", "Time zone", required=True, default="Europe/Zurich", help="Such as Europe/Zurich.")
    language = Field("language", "Language", "select", choices=[("", "not known"), *LANGUAGE_NAMES.items()], help=TOLD)
    known = [(one.name, one.title) for one in payers]
    payer = Field("payer", "Payer", choices=known, help=PAYER)
    return [Field("name", "Name", required=True), Field("born_on", "Born on", "date", True), zone, language, payer]


def body_of(kind: str, given: Values) -> dict[str, object]:
    """A form's values as the API's body: what was left empty is left out."""
    filled: dict[str, object] = {name: value for name, value in given.items() if value not in ("", [])}
    if kind == "block":
        after = {int(n.removeprefix("after_")): filled.pop(n) for n in list(filled) if n.startswith("after_")}
        filled["pain_after"] = [{"minutes": minutes, "pain": number(after[minutes])} for minutes in sorted(after)]
    if kind == "assessment":
        filled = _questionnaire(filled)
    for name in ("baseline_pain", "temperature_c", "seconds", "pain_before"):
        if name in filled:
            filled[name] = number(filled[name])
    return filled


def _questionnaire(filled: dict[str, object]) -> dict[str, object]:
    count = {"peg": 3, "pgic": 1, "odi": 10, "ndi": 10, "activities": 3}.get(str(filled.get("kind", "")), 0)
    items = [number(filled[f"item_{i}"]) if f"item_{i}" in filled else None for i in range(1, count + 1)]
    body: dict[str, object] = {"kind": filled.get("kind"), "answered_on": filled.get("answered_on"), "items": items}
    if filled.get("kind") == "activities":
        names = [filled[f"name_{i}"] for i in (1, 2, 3) if f"name_{i}" in filled]
        body |= {"names": names, "items": items[: len(names)]}
    return body


def number(typed: object) -> object:
    """A number as it was typed, also with a decimal comma; other text stays, for the check that names its field."""
    try:
        value = float(str(typed).replace(",", "."))
    except ValueError:
        return typed
    return int(value) if value == int(value) else value
