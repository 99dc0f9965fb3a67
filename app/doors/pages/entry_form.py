"""The form of one day's entry, as the staff write it down for a patient: its fields, and the entry that they make."""

from collections.abc import Mapping, Sequence
from typing import get_args

from app.base.languages.speaking import translated
from app.doors.pages.diary_words import site
from app.doors.pages.fields import Field, Values, choice, number, score
from app.record.diary.content import EntryContent
from app.record.diary.schemas import Activity, EntryIn, Medication
from app.record.diary.sheet import medication_names
from app.rules.words import REGIONS, SideEffectKind

PainSite = tuple[str, str]  # region and side
SPARE = 2  # rows left empty for more
MOST_ROWS = 52  # of one form: as many as an entry has, and the spare ones
MEDICINE = ("name", "dose", "unit", "times", "schedule")
EFFECT = ("kind", "severity", "region", "side")
UNITS = " ".join(get_args(get_args(Medication.model_fields["unit"].annotation)[0]))
KINDS = " ".join(get_args(SideEffectKind))
LEVELS = " ".join(get_args(get_args(Activity.model_fields["level"].annotation)[0]))
WORK = " ".join(get_args(get_args(EntryIn.model_fields["work"].annotation)[0]))
CARRIED = ("moments", "from_moments")  # what the patient noted during the day is not the staff's to write


def pain_fields(sites: Sequence[PainSite]) -> list[Field]:
    """Average, worst and now for each site."""
    return [
        score(f"{name}-{region}-{side}", f"{translated(said)}, {site(region, side)}")
        for region, side in sites
        for name, said in (("average", "Average"), ("worst", "Worst"), ("now", "Now"))
    ]


def day_fields() -> list[Field]:
    """What is asked of the day as a whole."""
    return [
        choice("flare_up", "Flare-up", values="no yes", required=False),
        choice("level", "Activity", values=LEVELS, required=False),
        Field("steps", "Steps", "number", step="1", most="200000"),
        Field("active_minutes", "Active minutes", "number", step="1", most="1440"),
        score("interference", "Daily life hindered, 0 to 10"),
        choice("work", "Work", values=WORK, required=False),
        Field("temperature_c", "Temperature, °C", "number", step="0.1", least="30", most="45"),
    ]


def medicine_rows(count: int) -> list[list[Field]]:
    """A row of fields for each medicine."""
    known = [(name, name) for name in sorted(medication_names().values())]
    return [
        [
            Field(f"medicine-{i}-name", "Medicine", choices=known),
            Field(f"medicine-{i}-dose", "Dose", "number", step="any", most="100000"),
            choice(f"medicine-{i}-unit", "Unit", values=UNITS, required=False),
            Field(f"medicine-{i}-times", "Times", "number", step="0.5", most="50"),
            choice(f"medicine-{i}-schedule", "When", values="scheduled as_needed", required=False),
        ]
        for i in range(count)
    ]


def effect_rows(count: int) -> list[list[Field]]:
    """A row of fields for each side effect."""
    severity = [("", "not known"), ("1", "mild"), ("2", "stops work"), ("3", "stops self-care"), ("4", "danger")]
    return [
        [
            choice(f"effect-{i}-kind", "Side effect", values=KINDS, required=False),
            Field(f"effect-{i}-severity", "How severe", "select", choices=severity),
            choice(f"effect-{i}-region", "Region", values=" ".join(REGIONS), required=False),
            choice(f"effect-{i}-side", "Side", values="left right both", required=False),
        ]
        for i in range(count)
    ]


def rows_of(content: EntryContent) -> tuple[int, int]:
    """How many rows of medicines and of side effects the form shows."""
    return len(content.get("medications", [])) + SPARE, len(content.get("side_effects", [])) + SPARE


def typed_of(content: EntryContent) -> Values:
    """An entry that is on record as the values of the form."""
    typed: dict[str, object] = {"note": content.get("note", ""), "work": content.get("work")}
    typed |= {f"{n}-{p['region']}-{p['side']}": p.get(n) for p in content.get("pain", []) for n in _SCORES}
    typed |= dict(content.get("activity", {}))
    typed |= {name: content.get(name) for name in ("interference", "temperature_c")}
    typed["flare_up"] = {True: "yes", False: "no", None: ""}[content.get("flare_up")]
    for i, one in enumerate(content.get("medications", [])):
        typed |= {f"medicine-{i}-{name}": one.get(name) for name in MEDICINE}
        typed[f"medicine-{i}-name"] = one.get("name") or medication_names().get(one.get("code", ""), one.get("code"))
    for i, effect in enumerate(content.get("side_effects", [])):
        typed |= {f"effect-{i}-{name}": effect.get(name) for name in EFFECT}
    typed["no_medicine"] = "yes" if content.get("medications") == [] else ""
    typed["no_effect"] = "yes" if content.get("side_effects") == [] else ""
    return {name: "" if value is None else _plain(value) for name, value in typed.items()}


_SCORES = ("average", "worst", "now")


def body_of(typed: Mapping[str, str], held: EntryContent) -> dict[str, object]:
    """The entry that a form makes: what was left empty is not known, unless it says that there was none.

    Args:
        held: the entry that the form was shown with. Its moments stay; scores that follow from them and were not touched
            go on following.
    """
    body: dict[str, object] = {name: part for name, part in held.items() if name in CARRIED}
    body |= {"pain": _pains(typed) or None, "note": typed.get("note") or None, "work": typed.get("work") or None}
    if "from_moments" in held:
        body["from_moments"] = _still_derived(typed, held) or None
    body["activity"] = {n: _number(typed, n) for n in ("steps", "active_minutes") if typed.get(n)} | (
        {"level": typed["level"]} if typed.get("level") else {}
    ) or None
    body |= {name: _number(typed, name) for name in ("interference", "temperature_c")}
    body["flare_up"] = {"yes": True, "no": False}.get(typed.get("flare_up", ""))
    medicines, effects = _medicines(typed, held), _effects(typed)
    body["medications"] = medicines or ([] if typed.get("no_medicine") else None)
    body["side_effects"] = effects or ([] if typed.get("no_effect") else None)
    return {name: value for name, value in body.items() if value is not None}


def field_of(pointer: str, typed: Mapping[str, str]) -> str | None:
    """The field of the form that a fault of the entry is about; empty rows are no part of the entry."""
    part, _, rest = pointer.strip("/").partition("/")
    place, _, name = rest.partition("/")
    if part == "activity":
        return rest or None
    if not place.isdecimal():
        return None
    if part == "pain":
        pains = _pains(typed)
        one = pains[int(place)] if int(place) < len(pains) else {}
        return f"{name or 'average'}-{one.get('region')}-{one.get('side')}"
    rows = {"medications": ("medicine", MEDICINE, "name"), "side_effects": ("effect", EFFECT, "kind")}.get(part)
    if rows is None:
        return None
    of, names, usual = rows
    filled = [i for i, row in _rows(typed, of, names) if any(row.values())]
    return f"{of}-{filled[int(place)]}-{name or usual}" if int(place) < len(filled) else None


def _pains(typed: Mapping[str, str]) -> list[dict[str, object]]:
    by_site: dict[PainSite, dict[str, object]] = {}
    for name, value in typed.items():
        kind, _, rest = name.partition("-")
        region, _, side = rest.partition("-")
        if kind in _SCORES and side and value:
            by_site.setdefault((region, side), {"region": region, "side": side})[kind] = number(value)
    return list(by_site.values())


def _still_derived(typed: Mapping[str, str], held: EntryContent) -> list[dict[str, object]]:
    before, out = typed_of(held), list[dict[str, object]]()
    for one in held.get("from_moments", []):
        names = [f"{name}-{one['region']}-{one['side']}" for name in one["scores"]]
        same = [name.partition("-")[0] for name in names if typed.get(name) == before.get(name)]
        if same:
            out.append({"region": one["region"], "side": one["side"], "scores": same})
    return out


def _medicines(typed: Mapping[str, str], held: EntryContent) -> list[dict[str, object]]:
    """Each with the code of its name in the catalogue; one that was not renamed stays the medicine that it was."""
    codes = {name: code for code, name in medication_names().items()}
    before, shown = held.get("medications", []), typed_of(held)
    out: list[dict[str, object]] = []
    for i, row in _rows(typed, "medicine", MEDICINE):
        one: dict[str, object] = {n: number(v) if n in ("dose", "times") else v for n, v in row.items() if v}
        name = str(one.pop("name", ""))
        if i < len(before) and name == shown[f"medicine-{i}-name"]:
            one |= {n: value for n, value in before[i].items() if n in ("code", "name")}
        elif name:
            one |= {"code": codes[name.lower()]} if name.lower() in codes else {"name": name}
        if one:
            out.append(one)
    return out


def _effects(typed: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {n: number(v) if n == "severity" else v for n, v in row.items() if v}
        for _, row in _rows(typed, "effect", EFFECT)
        if any(row.values())
    ]


def _rows(typed: Mapping[str, str], of: str, names: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    return [(i, {name: typed.get(f"{of}-{i}-{name}", "") for name in names}) for i in range(MOST_ROWS)]


def _number(typed: Mapping[str, str], name: str) -> object:
    return number(typed[name]) if typed.get(name) else None


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
