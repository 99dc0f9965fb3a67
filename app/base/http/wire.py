"""Types that the API schemas of all packages share."""

import re
import unicodedata
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
)

from app.rules import levels
from app.rules.words import Region

JsonObject = dict[str, JsonValue]
FIRST_DAY = date(1990, 1, 1)
CALENDAR = (
    date(1900, 1, 1),
    date(2199, 12, 31),
)  # far enough from the ends of Python's that no zone and no year leads past
FIRST_INSTANT, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
NO_PLACE = {"Factory", "localtime", "posixrules"}  # what the machine is set to, or nothing
STORED = {"stored": True}  # context in which what was accepted before is read again
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
INVISIBLE = ("Cf", "Zs", "Mn")
BREAK = re.compile(r"[\n\r\x85\u2028\u2029]")


class Wire(BaseModel):
    """Base of request bodies: an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")


def _iso_day(value: object) -> object:
    if isinstance(value, str) and not ISO_DAY.fullmatch(value):
        raise ValueError("a day is written YYYY-MM-DD")
    if isinstance(value, int | float):
        raise ValueError("a day is written YYYY-MM-DD, as text")
    return value


def _written_instant(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and "T" not in value.upper()[10:11]):
        raise ValueError("an instant is written in RFC 3339 with an offset, such as 2026-05-01T21:14:00+02:00")
    return value


def _no_control(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("control characters are not text")
    return value


def _one_line(value: str, info: ValidationInfo) -> str:
    stored = (info.context or {}).get("stored")
    if BREAK.search(value) and not stored:
        raise ValueError("a line break does not belong in one line")
    if TURNS.search(value) and not stored:
        raise ValueError("signs that turn the direction of text do not belong in one line")
    if all(unicodedata.category(one) in INVISIBLE for one in value) and not stored:
        raise ValueError("nothing of it can be seen")
    return value


@cache
def zone_names() -> set[str]:
    """The time zones that are places."""
    return set((files("tzdata") / "zones").read_text("utf-8").split()) - NO_PLACE  # the same on every machine


def _known_zone(value: str) -> str:
    if value not in zone_names():
        raise ValueError("not a time zone of the IANA database, such as Europe/Zurich")
    return value


def _half(value: float) -> float:
    if value * 2 != int(value * 2):
        raise ValueError("a score goes in steps of 0.5")
    return value


def _in_calendar(value: date) -> date:
    if not CALENDAR[0] <= value <= CALENDAR[1]:
        raise ValueError(f"a day lies between {CALENDAR[0]} and {CALENDAR[1]}")
    return value


def _in_time(value: datetime, info: ValidationInfo) -> datetime:
    if not FIRST_INSTANT <= value < END and not (info.context or {}).get("stored"):
        raise ValueError(f"an instant lies between {CALENDAR[0].year} and {CALENDAR[1].year}")
    return value


def _since_1990(value: date) -> date:
    if value < FIRST_DAY:
        raise ValueError(f"a day before {FIRST_DAY} is not of this service")
    return value


Day = Annotated[date, BeforeValidator(_iso_day), AfterValidator(_in_calendar)]
RecentDay = Annotated[Day, AfterValidator(_since_1990)]
Score = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, strict=True), AfterValidator(_half)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_no_control),
    AfterValidator(_one_line),
]
Note = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_no_control)]
PhoneNumber = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()/.-]{1,38}$")]
MailAddress = Annotated[
    str,
    StringConstraints(
        max_length=254, pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
    ),
]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
Instant = Annotated[
    datetime, PlainSerializer(lambda v: v.astimezone(UTC).isoformat(timespec="milliseconds"), return_type=str)
]

Moment = Annotated[AwareDatetime, BeforeValidator(_written_instant), AfterValidator(_in_time)]


def _joint(value: str, info: ValidationInfo) -> str:
    if value == levels.NO_LONGER and (info.context or {}).get("stored"):
        return value  # what was taken in once stays readable
    return levels.joint(value)


def _nerve(value: str) -> str:
    return levels.nerve(value)


Joint = Annotated[str, StringConstraints(max_length=10), AfterValidator(_joint)]
Nerve = Annotated[str, StringConstraints(max_length=40), AfterValidator(_nerve)]


def check_levels(region: Region | None, joints: list[str] | None, nerves: list[str] | None) -> None:
    """Refuses joints of another region, joints given twice, and nerves that do not serve the joints given.

    Raises:
        ValueError: begins with the pointer of the field at fault, as `problems.LOCATED` reads it.
    """
    for place, one in enumerate(joints or []):
        if region is not None and not levels.lies_in(one, region, joints or []):
            raise ValueError(f"joints/{place}: lies in another region")
    if joints and len(set(joints)) < len(joints):
        raise ValueError("joints: one comes twice")
    implied = levels.nerves_of_all(joints or [])
    for place, one in enumerate(nerves or []):
        if joints and one not in implied:
            raise ValueError(f"nerves/{place}: carries nothing from the joints given; they have {', '.join(implied)}")


def to_wire(model: type[BaseModel], body: object) -> JsonObject:
    """A body in the form of its model, ready to be written as JSON."""
    return model.model_validate(body, from_attributes=True).model_dump(mode="json", by_alias=True)
