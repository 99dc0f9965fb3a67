"""The red flags of what comes in: what the patient is told in the same answer, and the flags that are raised with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, bindparam, select

from app.access.accounts.tables import Account, Clinic
from app.alerts.flags.service import Cause, rules_of
from app.alerts.messages.tables import Address
from app.base.store.long_results import by_turns
from app.base.store.prepared import Connection, first_of, prepared_select, rows_of
from app.base.store.typed import col, table
from app.record.diary.content import EntryContent
from app.record.diary.schemas import EntryIn
from app.record.diary.writings import current_of
from app.record.patients.service import Person
from app.record.procedures.service import performed_of
from app.rules.days import spoken_day
from app.rules.emergency import numbers
from app.rules.language import language_of
from app.rules.parameters import EMERGENCY_WITHIN, RED_FLAG_RECENT
from app.rules.red_flags import RedFlag, RedFlagRule, Report, red_flags, rules
from app.rules.words import Language, Region

NUMBERS = prepared_select(
    select(col(Clinic.phone), col(Clinic.emergency_number), col(Clinic.jurisdiction)).where(
        col(Clinic.id) == bindparam("clinic")
    ),
    "clinic",
)
LOCALES = prepared_select(
    select(col(Address.locale))
    .join(
        table(Account),
        and_(col(Account.clinic_id) == col(Address.clinic_id), col(Account.id) == col(Address.account_id)),
    )
    .where(col(Account.clinic_id) == bindparam("clinic"), col(Account.patient_id) == bindparam("patient"))
    .order_by(col(Address.id).desc()),
    "clinic",
    "patient",
)


@dataclass(frozen=True)
class EntryWithSigns:
    """An entry of a day, and the signs that its note speaks of."""

    on: date
    entry: EntryIn
    spoken: frozenset[str]


@dataclass(frozen=True)
class Danger:
    """The flags to raise for an entry, and the advice, which ends with the numbers to call; None where there is none."""

    causes: tuple[Cause, ...] = ()
    advice: str | None = None


async def look(connection: Connection, person: Person, *, told: Sequence[EntryWithSigns], today: date) -> list[Danger]:
    """What is dangerous in each entry; they are kept already, in the same transaction."""
    if not any([_may_be(one) async for one in by_turns(told)]):
        return [Danger() for _ in told]
    procedures = await performed_of(connection, person)
    added = await rules_of(connection, person.clinic_id) if any(one.entry.side_effects for one in told) else []
    found = [
        await _found(connection, person, one=one, procedures=procedures, added=added) async for one in by_turns(told)
    ]
    if not any(found):
        return [Danger() for _ in told]
    own = await first_of(connection, NUMBERS, {"clinic": person.clinic_id})
    language = await _language(connection, person)
    whom = numbers(*(own or (None, None, None)), language=language)
    return [
        _danger(of_one, one.on, whom, language=language, today=today)
        async for of_one, one in by_turns(zip(found, told, strict=True))
    ]


async def _language(connection: Connection, person: Person) -> Language:
    """The language of the patient's record, else that of the newest address whose texts are in one we have."""
    if person.language is not None:
        return language_of(person.language)
    locales = await rows_of(connection, LOCALES, {"clinic": person.clinic_id, "patient": person.id})
    return language_of(*(locale for (locale,) in locales))


async def _found(
    connection: Connection,
    person: Person,
    *,
    one: EntryWithSigns,
    procedures: list[tuple[date, Region]],
    added: list[RedFlagRule],
) -> list[RedFlag]:
    if not _may_be(one):
        return []
    newest = next(((on, region) for on, region in reversed(procedures) if on <= one.on), None)
    since = None if newest is None else (one.on - newest[0]).days
    pain, before = _highest(one.entry.content()), None
    if _is_severe(pain) and since is not None and any(r.least_rise and since <= (r.last_day or since) for r in rules()):
        held = await current_of(connection, person, one.on - timedelta(days=1))
        before = None if held is None else _highest(held.content or {})
    report = Report(
        side_effects=tuple((effect.kind, effect.severity) for effect in one.entry.side_effects or []),
        spoken=one.spoken,
        temperature=one.entry.temperature_c,
        pain=pain,
        pain_before=before,
        since=since,
        region=None if newest is None else newest[1],
    )
    return red_flags(report, added)


def _danger(found: list[RedFlag], on: date, whom: str, *, language: Language, today: date) -> Danger:
    if not found:
        return Danger()
    causes = tuple(_cause(one, on, recent=today - on <= RED_FLAG_RECENT) for one in found)
    return Danger(causes, " ".join([*(one.tells(language) for one in found), whom]))


def _cause(one: RedFlag, on: date, *, recent: bool) -> Cause:
    """The flag of a sign; of a day that is long past somebody is asked to read it, once a month and sign."""
    named = one.rule.kinds[0] if one.sign.startswith("clinic rule") else one.sign
    said = named.replace("_", " ")
    found = f"the note may mention: {said}" if one.guessed else f"{said} reported"
    says = "the note was not read to its end: read it" if one.sign == "unread" else found
    if recent:
        asked = f"{says}; ask the patient" if one.guessed and says == found else says
        within = EMERGENCY_WITHIN if one.rule.emergency and not one.guessed else None
        return Cause("red_flag", f"{one.sign} {on}", one.rule.severity, asked, on, within=within)
    known = f"{one.sign} {on}"
    return Cause(
        "red_flag", f"{one.sign} in {on:%Y-%m}", "later", f"read this: {says} on {spoken_day(on)}", on, unless=known
    )


def _may_be(one: EntryWithSigns) -> bool:
    entry = one.entry
    warm = entry.temperature_c is not None
    return bool(entry.side_effects or one.spoken) or warm or _is_severe(_highest(entry.content()))


def _is_severe(pain: float | None) -> bool:
    return pain is not None and any(rule.least_pain is not None and pain >= rule.least_pain for rule in rules())


def _highest(content: EntryContent) -> float | None:
    """The highest average of a day, of any site; where none was given, the highest of the other scores.

    A worst score beside an average one is that of a moment: it would call half of the usual first days dangerous.
    """
    pains = content.get("pain", ())
    averages = [score for pain in pains if (score := pain.get("average")) is not None]
    others = [score for pain in pains for score in (pain.get("worst"), pain.get("now")) if score is not None]
    return max(averages or others, default=None)
