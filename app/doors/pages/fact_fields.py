"""The forms of facts: the fields of each kind, the body that a form makes, and the form of a fact that is on record."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from app.base.http.wire import JsonObject
from app.base.languages.speaking import say, translated
from app.doors.pages.fields import CHOOSE, Field, Values, choice, number, score
from app.rules.levels import nerves_of, region_of
from app.rules.plan import WINDOWS

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
READINGS = (15, 30, 60, 120, 240, 480)  # minutes after a block at which pain is asked
SHORT = {one: one.upper() for one in ("peg", "pgic", "odi", "ndi")}  # as the field writes them
ITEMS = {"peg": 3, "pgic": 1, "odi": 10, "ndi": 10, "activities": 3}
CARE = "physiotherapy exercise chiropractic nsaid opioid other_medicine injection psychology other"
TRIED = [
    ("", "not on record"),
    ("tried", "tried"),
    ("helped", "tried, it helped"),
    ("failed", "tried, it did not help"),
]
HELPED = {"helped": True, "failed": False}
NUMBERS = ("baseline_pain", "temperature_c", "seconds", "pain_before", "volume_ml", "relief_stated")


@dataclass(frozen=True)
class TreatedOn:
    """A procedure that other facts may name: its id, and how it is called in a list."""

    id: str
    says: str


def joints() -> Field:
    """The joints, each with its region and its nerves."""
    boxes = [(one, "|".join([region_of(one), *nerves_of(one)])) for one in JOINTS]
    return Field("joints", "Joints", "boxes", choices=boxes)


def procedure(_treated: Sequence[TreatedOn] = ()) -> list[Field]:
    """A rhizotomy."""
    return [
        Field("performed_on", "Day", "date", True),
        choice("region", "Region", values="lumbar cervical thoracic sacroiliac"),
        choice("laterality", "Side", values="bilateral left right"),
        joints(),
        score(
            "baseline_pain", "Pain before, 0 to 10", help="The clinic's own score; the diary's counts where it has one."
        ),
        choice("technique", "Technique", values="thermal cooled pulsed", required=False),
        Field("temperature_c", "Temperature, °C", "number", step="1", least="37", most="100"),
        Field("seconds", "Seconds a lesion", "number", step="1", least="1", most="1800"),
        choice("guidance", "Guidance", values="fluoroscopy ct ultrasound", required=False),
        choice("sedation", "Sedation", values="none minimal moderate deep", required=False),
        Field("operator", "Operator"),
    ]


def block(treated: Sequence[TreatedOn] = ()) -> list[Field]:
    """A diagnostic block, with pain at the usual times after it."""
    after = [score(f"after_{m}", say("Pain after {minutes} minutes", minutes=m)) for m in READINGS]
    return [
        Field("performed_on", "Day", "date", True),
        choice("side", "Side", values="left right both"),
        joints(),
        choice("agent", "Agent", values="lidocaine bupivacaine mepivacaine ropivacaine levobupivacaine other"),
        score("pain_before", "Pain just before", required=True),
        *after,
        Field("relief_stated", "Relief as the patient states it, %", "number", step="1", most="100"),
        choice("steroid", "Steroid given", values="no yes", required=False),
        Field("operator", "Operator"),
        _procedure_of(treated, "The procedure that it led to", required=False),
    ]


def assessment(_treated: Sequence[TreatedOn] = ()) -> list[Field]:
    """A questionnaire by its item values; the items' texts are proprietary and not included."""
    names = [Field(f"name_{i}", say("Activity {number}", number=i)) for i in (1, 2, 3)]
    items = [Field(f"item_{i}", say("Item {number}", number=i), "number", step="1") for i in range(1, 11)]
    return [
        Field(
            "kind", "Questionnaire", "select", True, choices=[CHOOSE, *((one, SHORT.get(one, one)) for one in ITEMS)]
        ),
        Field("answered_on", "Day", "date", True),
        *names,
        *items,
    ]


def event(_treated: Sequence[TreatedOn] = ()) -> list[Field]:
    """What ends the watch of a procedure, or could mislead."""
    return [
        choice("kind", "What happened", values="injury surgery new_pain pregnancy death moved_away other"),
        Field("happened_on", "Day", "date", True),
        choice("region", "Region", values="lumbar cervical thoracic sacroiliac", required=False),
        choice("side", "Side", values="left right both", required=False),
        Field("note", "Note", "textarea"),
    ]


def work_up(_treated: Sequence[TreatedOn] = ()) -> list[Field]:
    """What was tried before, and since when there has been pain."""
    tried: list[Field] = []
    for what in CARE.split():
        name = translated(what.replace("_", " ").capitalize().replace("Nsaid", "Anti-inflammatory (NSAID)"))
        tried.append(Field(f"care_{what}", name, "select", choices=TRIED))
        tried.append(Field(f"weeks_{what}", say("{care}: weeks", care=name), "number", step="0.5", most="2000"))
    return [
        Field("noted_on", "Day of the visit", "date", True),
        Field("pain_since", "Pain since", "date"),
        *tried,
        Field("note", "Note", "textarea"),
    ]


def contact(treated: Sequence[TreatedOn] = ()) -> list[Field]:
    """A follow-up contact that was made."""
    windows = [CHOOSE, *WINDOWS.items()]
    return [
        _procedure_of(treated, "After which procedure", required=True),
        Field("contact", "Which contact", "select", required=True, choices=windows),
        Field("done_on", "Day", "date", True),
        Field("note", "Note", "textarea"),
    ]


def _procedure_of(treated: Sequence[TreatedOn], label: str, *, required: bool) -> Field:
    none = ([CHOOSE] if len(treated) > 1 else []) if required else [("", "not known")]
    return Field("procedure_id", label, "select", required, choices=[*none, *((one.id, one.says) for one in treated)])


def body_of(kind: str, given: Values, held: JsonObject | None = None) -> dict[str, object]:
    """A form's values as the API's body: what was left empty is left out.

    Args:
        held: the fact that is corrected; what of it the form does not ask for stays.
    """
    filled: dict[str, object] = {name: value for name, value in given.items() if value not in ("", [])}
    if kind == "block":
        filled["pain_after"] = _readings(filled, held or {})
    if kind == "assessment":
        filled = _questionnaire(filled)
    if kind == "work_up":
        filled["conservative_care"] = _care(filled, held or {})
    for name in NUMBERS:
        if name in filled:
            filled[name] = number(filled[name])
    if filled.get("steroid") in ("yes", "no"):
        filled["steroid"] = filled["steroid"] == "yes"
    return filled


def _readings(filled: dict[str, object], held: JsonObject) -> list[object]:
    """Pain by minutes: those of the form, and those at other times that are on record."""
    asked = {int(n.removeprefix("after_")): number(filled.pop(n)) for n in list(filled) if n.startswith("after_")}
    before = [one for one in _dicts(held.get("pain_after")) if one["minutes"] not in READINGS]
    by_minutes: dict[int, object] = {int(str(one["minutes"])): one["pain"] for one in before}
    by_minutes |= asked
    return [{"minutes": minutes, "pain": by_minutes[minutes]} for minutes in sorted(by_minutes)]


def _questionnaire(filled: dict[str, object]) -> dict[str, object]:
    if "kind" not in filled:  # what its items would be nobody knows
        return {name: filled[name] for name in ("answered_on", "reason") if name in filled}
    count = ITEMS.get(str(filled["kind"]), 0)
    items = [number(filled[f"item_{i}"]) if f"item_{i}" in filled else None for i in range(1, count + 1)]
    body: dict[str, object] = {"kind": filled.get("kind"), "answered_on": filled.get("answered_on"), "items": items}
    if filled.get("kind") == "activities":
        names = [filled[f"name_{i}"] for i in (1, 2, 3) if f"name_{i}" in filled]
        body |= {"names": names, "items": items[: len(names)]}
    return body | {name: filled[name] for name in ("reason",) if name in filled}


def _care(filled: dict[str, object], held: JsonObject) -> list[object]:
    """What was tried: of each kind the first on record as the form says it, and the others as they are."""
    before, made = list(_dicts(held.get("conservative_care"))), list[object]()
    for what in CARE.split():
        said, weeks = filled.pop(f"care_{what}", ""), filled.pop(f"weeks_{what}", "")
        first = next((one for one in before if one["what"] == what), None)
        if first is not None:
            before.remove(first)
        if said or weeks:
            kept = {"note": first["note"]} if first is not None and first.get("note") else {}
            one = {"what": what, "weeks": number(weeks) if weeks else None, "helped": HELPED.get(str(said)), **kept}
            made.append({name: value for name, value in one.items() if value is not None})
    return [*made, *before]


def typed_of(kind: str, content: JsonObject) -> Values:
    """A fact that is on record as the values of its form."""
    typed: Values = {}
    for name, value in content.items():
        if name == "pain_after":
            typed |= {f"after_{one['minutes']}": _as_typed(one["pain"]) for one in _dicts(value)}
        elif name == "items" and isinstance(value, list):
            typed |= {f"item_{i}": _as_typed(one) for i, one in enumerate(value, start=1)}
        elif name == "names" and isinstance(value, list):
            typed |= {f"name_{i}": _as_typed(one) for i, one in enumerate(value, start=1)}
        elif name == "conservative_care":
            for one in reversed(_dicts(value)):  # of two of one kind the first is shown
                said = "tried" if one.get("helped") is None else "helped" if one["helped"] else "failed"
                typed |= {f"care_{one['what']}": said, f"weeks_{one['what']}": _as_typed(one.get("weeks"))}
        elif isinstance(value, list):
            typed[name] = [str(one) for one in value]
        else:
            typed[name] = _as_typed(value)
    return typed


def _dicts(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _as_typed(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return "" if value is None else str(value)
