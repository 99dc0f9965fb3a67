"""An entry of the diary in words: what it says, part by part, in the order in which a clinician asks."""

from app.base.languages.speaking import number, say, translated
from app.record.diary.content import EntryContent, MomentContent, PainContent
from app.record.diary.sheet import medication

SEVERITIES = {1: "mild", 2: "stops work", 3: "stops self-care", 4: "danger"}
SIDES = {"both": "both sides", "left": "left", "right": "right"}


def site(region: str, side: str) -> str:
    """Where it is: "left lumbar", "lumbar, both sides"."""
    where = translated(region)
    return say("{place}, both sides", place=where) if side == "both" else place(side, where)


def place(side: str, where: str) -> str:
    """A side of a place: "left lumbar", "bilateral L4-S1"."""
    return say(f"{side} {{place}}", place=translated(where))


def parts_of(content: EntryContent, mme: float | None) -> list[tuple[str, str]]:
    """The parts that say something, each with its heading."""
    derived = {(one["region"], one["side"], name) for one in content.get("from_moments", []) for name in one["scores"]}
    said = [
        ("Pain", "; ".join(_pain(one, derived) for one in content.get("pain", []))),
        ("Flare-up", _yes(content.get("flare_up"))),
        ("Moments", "; ".join(_moment(one) for one in content.get("moments", []))),
        ("Medicines", _medicines(content, mme)),
        ("Side effects", _effects(content)),
        ("Activity", _activity(content)),
        (
            "Daily life hindered",
            ""
            if "interference" not in content
            else say("{score} of {most}", score=number(content["interference"]), most=10),
        ),
        ("Work", translated(content.get("work", "").replace("_", " "))),
        ("Temperature", "" if "temperature_c" not in content else f"{number(content['temperature_c'])} °C"),
        ("Note", content.get("note", "")),
    ]
    return [(heading, text) for heading, text in said if text]


def scores(content: EntryContent) -> str:
    """The day's averages in short, for a calendar."""
    found = [one.get("average", one.get("worst", one.get("now"))) for one in content.get("pain", [])]
    return " / ".join(number(one) for one in found if one is not None)


def _pain(one: PainContent, derived: set[tuple[str, str, str]]) -> str:
    given = []
    for name, said in (("average", "average"), ("worst", "worst"), ("now", "now")):
        value = one.get(name)
        if isinstance(value, int | float):
            by_moments = (one["region"], one["side"], name) in derived
            score = f"{translated(said)} {number(value)}"
            given.append(say("{score} (from the moments)", score=score) if by_moments else score)
    return f"{site(one['region'], one['side'])}: {', '.join(given)}"


def _moment(one: MomentContent) -> str:
    at = one["at"][11:16]
    pains = [f"{site(p['region'], p['side'])} {_score(p)}" for p in one.get("pain", [])]
    return " ".join(filter(None, (at, ", ".join(pains), one.get("note", ""))))


def _score(one: PainContent) -> str:
    value = one.get("now", one.get("average", one.get("worst")))
    return "" if value is None else number(value)


def _medicines(content: EntryContent, mme: float | None) -> str:
    if "medications" not in content:
        return ""
    said = "; ".join(medication(one) for one in content["medications"]) or say("none taken")
    return f"{said} ({number(mme)} MME)" if mme else said


def _effects(content: EntryContent) -> str:
    if "side_effects" not in content:
        return ""
    said: list[str] = []
    for one in content["side_effects"]:
        words = (
            translated(one["kind"].replace("_", " ")),
            translated(SEVERITIES.get(one.get("severity", 0), "")),
            site(one["region"], one["side"])
            if "region" in one and "side" in one
            else translated(one.get("region", "")),
        )
        said.append(", ".join(filter(None, words)))
    return "; ".join(said) or say("none")


def _activity(content: EntryContent) -> str:
    given = content.get("activity", {})
    return ", ".join(
        filter(
            None,
            (
                translated(given.get("level", "")),
                say("{count} steps", count=given["steps"]) if "steps" in given else "",
                say("{count} active minutes", count=given["active_minutes"]) if "active_minutes" in given else "",
            ),
        )
    )


def _yes(value: bool | None) -> str:
    return "" if value is None else translated("yes" if value else "no")
