"""Facts in words, as a list of what was recorded says them: one line each."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import BaseModel

from app.base.languages.speaking import day_in_words, number, say, translated
from app.doors.pages.diary_words import place, site
from app.record.assessments.schemas import AssessmentOut
from app.record.blocks.schemas import BlockOut
from app.record.contacts.schemas import ContactOut
from app.record.events.schemas import EventOut, WorkUpOut
from app.record.procedures.schemas import ProcedureOut
from app.rules.levels import spoken
from app.rules.plan import WINDOWS


def procedure(one: ProcedureOut) -> str:
    """A rhizotomy: where, how, and the pain before."""
    how = [f"{one.temperature_c:g} °C" if one.temperature_c else "", f"{one.seconds} s" if one.seconds else ""]
    codes = ", ".join(f"{code.code} × {code.units}" for code in one.cpt)
    return _joined(
        place(one.laterality, spoken(one.joints or []) or one.region),
        " ".join(filter(None, (translated(one.technique or ""), *how))),
        say("pain before not written down")
        if one.baseline_pain is None
        else say("pain before {pain}", pain=number(one.baseline_pain)),
        say("by {operator}", operator=one.operator) if one.operator else "",
        translated("repeat" if one.repeat_of else "staged" if one.staged_with else ""),
        f"CPT {codes}" if codes else "",
    )


def block(one: BlockOut) -> str:
    """A diagnostic block: where, with what, and what it brought."""
    return _joined(
        f"{site(one.region, one.side)} {spoken(one.joints)}",
        translated(one.agent),
        say("pain before {pain}", pain=number(one.pain_before)),
        _readings(one)
        if one.best_relief_percent is None
        else say(
            "best relief {percent} %, 80 % for {at_80} h, 50 % for {at_50} h",
            percent=f"{one.best_relief_percent:.0f}",
            at_80=number(one.hours_at_80 or 0),
            at_50=number(one.hours_at_50 or 0),
        ),
        "" if one.relief_stated is None else say("the patient states {percent} %", percent=number(one.relief_stated)),
        {True: say("lasted as long as the agent acts"), False: say("did not last as long as the agent acts")}.get(
            cast(bool, one.concordant), ""
        ),
    )


def _readings(one: BlockOut) -> str:
    """The readings of a block of which no relief can be said: none was taken while its agent acts, or there was no pain."""
    told = [
        say("{pain} after {minutes} minutes", pain=number(r.pain), minutes=number(r.minutes)) for r in one.pain_after
    ]
    return ", ".join(told) or say("no reading after it")


def assessment(one: AssessmentOut) -> str:
    """A questionnaire: its score, and what became of the first."""
    named = "" if not one.names else "; ".join(f"{n} {_score(v)}" for n, v in zip(one.names, one.items, strict=True))
    change = ""
    if one.first_score is not None:
        verdict = {True: say("a meaningful fall"), False: say("no meaningful fall")}.get(cast(bool, one.meaningful), "")
        change = ", ".join(filter(None, (say("the first was {score}", score=number(one.first_score)), verdict)))
    score = say("{score} of {most}", score=number(one.score), most=number(one.out_of))
    return _joined(f"{one.kind.upper()}: {score}", named, change)


def event(one: EventOut) -> str:
    """What happened, and where."""
    where = site(one.region, one.side) if one.region and one.side else translated(one.region or one.side or "")
    return _joined(translated(one.kind.replace("_", " ")), where, one.note or "")


def contact(one: ContactOut) -> str:
    """Which follow-up contact was made."""
    return _joined(translated(WINDOWS[one.contact]), one.note or "")


def work_up(one: WorkUpOut) -> str:
    """What was tried before."""
    tried = []
    for care in one.conservative_care or []:
        helped = {True: say("helped"), False: say("did not help")}.get(cast(bool, care.helped), "")
        weeks = "" if care.weeks is None else say("{weeks} weeks", weeks=number(care.weeks))
        tried.append(", ".join(filter(None, (translated(care.what.replace("_", " ")), weeks, helped))))
    since = "" if one.pain_since is None else say("pain since {day}", day=day_in_words(one.pain_since))
    return _joined(since, "; ".join(tried), one.note or "")


SAY: Mapping[str, Callable[[Any], str]] = {  # by the kind's name; each takes its own wire form
    "procedure": procedure,
    "block": block,
    "assessment": assessment,
    "event": event,
    "contact": contact,
    "work_up": work_up,
}


def said(kind: str, one: BaseModel) -> str:
    """A fact of a kind in its line."""
    return SAY[kind](one)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _score(value: float | None) -> str:
    return "?" if value is None else number(value)
