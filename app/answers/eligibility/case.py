"""From a verdict and its background to what the evaluator sees: numbers, days, and the rows that they come from."""

from datetime import date, timedelta
from statistics import median
from typing import Any

from app.answers.verdicts.context import Background
from app.rules.levels import region_of
from app.rules.policies import Block, Case, Estimate, Gain, Lasted, Session
from app.rules.questionnaires import score

HELD = ("relief", "returning")
FIRST_JUDGED = 42  # days; what is answered earlier is of the settling


def case_of(
    about: Background, proposed_on: date, laterality: str | None = None, joints: list[str] | None = None
) -> Case:
    """What is known for a repeat of a procedure; side and levels are its own where nothing else is proposed.

    Args:
        about: the verdict by definition `half`, as of the day of the question, and what stands around it.
    """
    own = about.own
    levels = joints if joints is not None else own.get("joints")
    return Case(
        proposed_on=proposed_on,
        region=own["region"],
        laterality=laterality or own["laterality"],
        joints=frozenset(levels) if levels else None,
        sessions=tuple(_session(p) for p in about.found.procedures),
        blocks=tuple(_block(b) for b in about.found.blocks),
        relief=_relief(about),
        lasted=_lasted(about),
        gains=tuple(_gains(about)),
        pain_now=_pain_now(about),
    )


def _session(own: dict[str, Any]) -> Session:
    joints = own.get("joints")
    on = date.fromisoformat(own["performed_on"])
    return Session(str(own["id"]), on, own["region"], own["laterality"], frozenset(joints) if joints else None)


def _block(own: dict[str, Any]) -> Block:
    after = tuple((r["minutes"], r["pain"]) for r in own.get("pain_after") or ())
    on = date.fromisoformat(own["performed_on"])
    region = region_of(own["joints"][0])
    return Block(
        str(own["id"]), on, own["side"], region, frozenset(own["joints"]), own["agent"], own["pain_before"], after
    )


def _source(about: Background) -> tuple[str, ...]:
    return (f"procedure/{about.own['id']}/relief",)


def _relief(about: Background) -> Estimate | None:
    """The middle of the days on which relief held; where it never did, the relief of now."""
    verdict, pain = about.verdict, about.verdict["baseline"]["pain"]
    if not pain:
        return None
    days = verdict["days"]
    rows = [
        (level, low, high)
        for level, low, high, phase in zip(days["level"], days["low"], days["high"], days["phase"], strict=True)
        if level is not None and phase in HELD
    ]
    if not rows:
        now = verdict["current"]
        if verdict["phase"] != "no_relief" or now["level"] is None:
            return None
        rows = [(now["level"], now["low"], now["high"])]
    level, low, high = (median(row[i] for row in rows) for i in range(3))
    value, least, most = (100 * (1 - points / pain) for points in (level, high, low))
    return Estimate(value, least, most, _source(about))


def _lasted(about: Background) -> Lasted | None:
    verdict, since = about.verdict, about.performed_on
    found, days = verdict["return"], verdict["relief_days"]
    if verdict["phase"] == "no_relief":
        return Lasted(since, since, since, since, False, _source(about))
    if verdict["phase"] == "returned" and found["on"] is not None:
        until, low, high = (date.fromisoformat(found[k]) for k in ("on", "low", "high"))
        return Lasted(since, until, max(low, since), max(high, since), False, _source(about))
    if days is None or verdict["onset_on"] is None:
        return None
    until = since + timedelta(days=days)
    if found["low"] is not None:  # the end is likely but not firm: it held until then at least
        until = min(until, date.fromisoformat(found["low"]))
    return Lasted(since, until, until, until, True, _source(about))


def _gains(about: Background) -> list[Gain]:
    """Each scale answered before the procedure and, from the sixth week on, while relief held; the last of each."""
    end = about.verdict["return"]["low"] or about.verdict["as_of"]
    until = date.fromisoformat(end)
    out = []
    for kind in dict.fromkeys(a["kind"] for a in about.assessments if a["kind"] != "pgic"):
        mine = [a for a in about.assessments if a["kind"] == kind]
        before = [a for a in mine if date.fromisoformat(a["answered_on"]) <= about.performed_on]
        after = [a for a in mine if _day(a, about) >= FIRST_JUDGED and date.fromisoformat(a["answered_on"]) <= until]
        if before and after:
            was, now = (score(kind, some[-1]["items"]) for some in (before, after))
            if was > 0:
                evidence = tuple(f"assessment/{some[-1]['id']}" for some in (before, after))
                out.append(Gain(100 * (was - now) / was, kind, evidence))
    return out


def _day(answered: dict[str, Any], about: Background) -> int:
    return (date.fromisoformat(answered["answered_on"]) - about.performed_on).days


def _pain_now(about: Background) -> Estimate | None:
    now = about.verdict["current"]
    if now["level"] is None or about.verdict["phase"] == "unknown":
        return None
    return Estimate(now["level"], now["low"], now["high"], _source(about))
