"""Collects what the picture shows, from a verdict and its context."""

from datetime import date, timedelta

from app.answers.pictures.content import Mark, PictureContent
from app.answers.verdicts.context import VerdictContext
from app.record.diary.content import EntryContent
from app.record.diary.entry_json import is_recalled
from app.record.procedures.schemas import ProcedureIn
from app.rules.levels import region_of_all
from app.rules.parameters import BLOCKS_SHOWN


def picture_content(about: VerdictContext) -> PictureContent:
    """The verdict's series, the weeks before, what was recalled, side effects, and what was done in the region."""
    own, start, zone = about.own.body, about.performed_on, about.person.time_zone
    before = [
        (entry.date, score)
        for entry in about.entries
        if entry.date <= start and (score := _score(entry.content, own)) is not None
    ]
    recalled = {entry.date for entry in about.entries if is_recalled(entry.date, entry.recorded_at, zone)}
    effects: dict[str, list[date]] = {}
    for entry in about.entries:
        for effect in entry.content.get("side_effects") or ():
            if entry.date > start:
                effects.setdefault(effect["kind"], []).append(entry.date)
    return PictureContent(about.verdict, start, before, recalled, _marks(about), effects)


def _score(content: EntryContent, own: ProcedureIn) -> float | None:
    """The highest score of a day at the treated site: the side that is worse."""
    found = [
        pain.get("average", pain.get("now"))
        for pain in content.get("pain") or ()
        if pain["region"] == own.region and (own.laterality == "bilateral" or pain["side"] in (own.laterality, "both"))
    ]
    return max((score for score in found if score is not None), default=None)


def _marks(about: VerdictContext) -> list[Mark]:
    own = about.own
    of_region = [one.body for one in about.record.blocks if region_of_all(one.body.joints) == own.body.region]
    out = [Mark(block.performed_on, "block", f"block, {block.agent}") for block in of_region]
    for other in about.record.procedures:
        on = other.body.performed_on
        if other.id != own.id and other.body.region == own.body.region and on <= about.as_of:
            out.append(Mark(on, "procedure", f"procedure, {other.body.laterality}"))
    near = about.performed_on - timedelta(days=BLOCKS_SHOWN)
    return [mark for mark in out if mark.on >= near]
