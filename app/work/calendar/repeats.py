"""The instants that a slot's rule of repetition makes: RFC 5545, as far as bookable time needs it.

Every day up to a fixed horizon is looked at once, so that a rule that matches nothing ends as soon as any other.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from app.base.http.problems import bad_field
from app.work.calendar.schemas import SlotIn

MOST = 400  # slots of one rule
AHEAD = timedelta(days=5 * 366)  # how far ahead a slot may lie
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NO_RULE = "is no rule that slots can go by, such as FREQ=WEEKLY;COUNT=8"
DAY = rf"(?:[+-]?[1-9]\d?)?(?:{'|'.join(WEEKDAYS)})"
NUMBER = r"[+-]?\d{1,3}"
PARTS = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,8}",
    "UNTIL": r"\d{8}(?:T\d{6}Z?)?",
    "WKST": "|".join(WEEKDAYS),
    "BYDAY": rf"{DAY}(?:,{DAY})*",
    **dict.fromkeys(("BYMONTH", "BYMONTHDAY", "BYSETPOS", "BYHOUR", "BYMINUTE"), rf"{NUMBER}(?:,{NUMBER})*"),
}


@dataclass(frozen=True)
class Rule:
    """A rule as it was read; what is empty does not limit. A weekday is (which one of the period, or 0; 0 to 6)."""

    frequency: str
    every: int
    week_begins: int
    weekdays: tuple[tuple[int, int], ...]
    months: tuple[int, ...]
    month_days: tuple[int, ...]
    places: tuple[int, ...]
    times: tuple[time, ...]

    def period(self, on: date) -> int:
        """The number of the day, week, month or year that a day lies in."""
        if self.frequency == "DAILY":
            return on.toordinal()
        if self.frequency == "WEEKLY":
            return (on.toordinal() - 1 - self.week_begins) // 7
        return on.year * 12 + on.month if self.frequency == "MONTHLY" else on.year

    def has(self, on: date) -> bool:
        """Whether a day is one of the rule's, whatever its period."""
        length = monthrange(on.year, on.month)[1]
        if self.months and on.month not in self.months:
            return False
        if self.month_days and not {on.day, on.day - length - 1}.intersection(self.month_days):
            return False
        if not self.weekdays:
            return True
        of_year = self.frequency == "YEARLY" and not self.months
        day, days = (on.timetuple().tm_yday, 365 + isleap(on.year)) if of_year else (on.day, length)
        nth = {0, (day + 6) // 7, -((days - day) // 7 + 1)}
        return any(weekday == on.weekday() and which in nth for which, weekday in self.weekdays)


def occurrences(new: SlotIn, now: datetime) -> tuple[list[datetime], list[datetime]]:
    """The instants at which a slot begins: by a rule, at the same time of day through every change of the clocks.

    A time that the clocks leave out when they go forward is left out and not counted (RFC 5545, 3.3.10); such times come as
    the second list, each as the instant that the clocks had skipped to.

    Raises:
        Problem: 422 for an instant that is over or further ahead than slots go, and for a rule that is not valid, has no
            end, or makes no slot, too many, or some too far ahead.
    """
    last = now + AHEAD
    if not now < new.starts_at <= last:
        raise bad_field("/starts_at", "is over, or over five years ahead")
    if new.repeats is None:
        return [new.starts_at.astimezone(UTC)], []
    if new.time_zone is None:
        raise bad_field("/time_zone", "is needed with `repeats`: the clocks of which place?")
    zone, parts = ZoneInfo(new.time_zone), _parts(new.repeats)
    count, until = int(parts.get("COUNT", MOST + 1)), _until(parts.get("UNTIL"), zone)
    if "UNTIL" not in parts and count > MOST:
        raise bad_field("/repeats", f"makes more than {MOST} slots")
    first = new.starts_at.astimezone(zone).replace(tzinfo=None, microsecond=0)
    found: list[datetime] = []
    skipped: list[datetime] = []
    for local in _local(_rule(parts, first), first, last.date()):
        at = local.replace(tzinfo=zone, fold=first.fold if local == first else 0).astimezone(UTC)
        if at > min(until or last, last) or len(found) == count:
            break
        (found if exists(local, zone) else skipped).append(at)
        if len(found) > MOST:
            raise bad_field("/repeats", f"makes more than {MOST} slots")
    if (until or now) > last or (until is None and len(found) < count):
        raise bad_field("/repeats", "makes no slot, or goes on for over five years")
    if not found:
        raise bad_field("/repeats", "makes no slot at all")
    return found, skipped


def exists(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of a place ever show a time: when they go forward, they leave an hour out."""
    return local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local


def _parts(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.upper().removeprefix("RRULE:").split(";")]
    found = {name: value for name, _, value in pairs}
    known = all(name in PARTS and re.fullmatch(PARTS[name], value, re.ASCII) for name, value in found.items())
    if not known or len(found) < len(pairs) or "FREQ" not in found:
        raise bad_field("/repeats", NO_RULE)
    if not found.keys() & {"COUNT", "UNTIL"}:
        raise bad_field("/repeats", "has no end; give it COUNT or UNTIL")
    if found["FREQ"] == "WEEKLY" and "BYMONTHDAY" in found:  # RFC 5545, 3.3.10
        raise bad_field("/repeats", "BYMONTHDAY has no place in a WEEKLY rule; use MONTHLY or DAILY")
    return found


def _until(text: str | None, zone: ZoneInfo) -> datetime | None:
    """The last instant: a bare day counts to its end, and a time without a Z goes by the clocks of the place."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_field("/repeats", NO_RULE) from None
    if len(text) == 8:
        at = at.replace(hour=23, minute=59, second=59)
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _rule(parts: dict[str, str], first: datetime) -> Rule:
    """The rule, with what it leaves open taken from the first slot (RFC 5545, 3.3.10)."""

    def numbers(name: str) -> tuple[int, ...]:
        return tuple(int(one) for one in parts[name].split(",")) if name in parts else ()

    weekdays = tuple((int(one[:-2] or 0), WEEKDAYS.index(one[-2:])) for one in parts.get("BYDAY", "").split(",") if one)
    try:
        hours, minutes = numbers("BYHOUR") or (first.hour,), numbers("BYMINUTE") or (first.minute,)
        times = {time(hour, minute, first.second) for hour in hours for minute in minutes}
    except ValueError:
        raise bad_field("/repeats", NO_RULE) from None
    rule = Rule(
        parts["FREQ"],
        int(parts.get("INTERVAL", 1)),
        WEEKDAYS.index(parts.get("WKST", "MO")),
        weekdays,
        numbers("BYMONTH"),
        numbers("BYMONTHDAY"),
        numbers("BYSETPOS"),
        tuple(sorted(times)),
    )
    if rule.frequency in ("DAILY", "WEEKLY") and any(which for which, _ in weekdays):
        raise bad_field("/repeats", NO_RULE)
    if weekdays or rule.month_days or rule.frequency == "DAILY":
        return rule
    if rule.frequency == "WEEKLY":
        return replace(rule, weekdays=((0, first.weekday()),))
    months = rule.months or ((first.month,) if rule.frequency == "YEARLY" else ())
    return replace(rule, months=months, month_days=(first.day,))


def _local(rule: Rule, first: datetime, last: date) -> Iterator[datetime]:
    """The rule's times by the clocks, from the first on; whole periods are read, for `places` count in them."""
    begin = rule.period(first.date())
    days = (first.date() + timedelta(days=n) for n in range(-366, (last - first.date()).days + 367))
    for number, some in groupby(days, rule.period):
        if number < begin or (number - begin) % rule.every:
            continue
        own = [on for on in some if rule.has(on)]
        found = _at_places(rule, own) if rule.places else (datetime.combine(on, at) for on in own for at in rule.times)
        yield from (one for one in found if one >= first)


def _at_places(rule: Rule, days: list[date]) -> Iterator[datetime]:
    """Those of a period's times that `places` name; the others are counted, not made."""
    each = len(rule.times)
    count = len(days) * each
    for place in sorted({place - 1 if place > 0 else count + place for place in rule.places}):
        if 0 <= place < count:
            yield datetime.combine(days[place // each], rule.times[place % each])
