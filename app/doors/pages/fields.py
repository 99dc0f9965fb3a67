"""The fields of forms: what is asked, with defaults, so that a form takes less than a minute."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

from app.rules.policies import Policy

CHOOSE = ("", "choose")
LANGUAGE_NAMES: dict[str, str] = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}
TOLD = "In which the patient is told what to do about a danger sign; otherwise in that of their messages, or English."
PAYER = "Who pays. Where a policy of the service or the clinic bears that name, it answers for a repeat."

EITHER_WAY = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+")

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
    are_names: bool = False  # the choices: shown as they stand in each language


def choice(name: str, label: str, *, values: str, required: bool = True, default: str = "") -> Field:
    """A list to choose from; it begins with "not known", or where it must be known with nothing, so that what nobody chose
    is not on record. With a default it is a setting, which always has a value.
    """
    words = [(v, v.replace("_", " ")) for v in values.split()]
    first = [] if default else [CHOOSE] if required else [("", "not known")]
    return Field(name, label, "select", required, default, [*first, *words])


def score(name: str, label: str, *, required: bool = False, help: str = "") -> Field:  # noqa: A002  # the field's name
    """A score from 0 to 10 in halves."""
    return Field(name, label, "number", required, help=help)


def patient(payers: Iterable[Policy], zone: str = "") -> list[Field]:
    """A patient; the payers that there are policies of are suggested, and the clinic's own time zone."""
    lives = Field("time_zone", "Time zone", required=True, default=zone, help="Such as Europe/Zurich.")
    language = Field("language", "Language", "select", choices=[("", "not known"), *LANGUAGE_NAMES.items()], help=TOLD)
    known = [(one.name, one.title) for one in payers]
    return [
        Field("name", "Name", required=True),
        Field("born_on", "Born on", "date", True),
        Field("mrn", "Number of the record (MRN)"),
        Field("phone", "Phone", "tel", help="Where the clinic calls. No message is sent to it."),
        Field("mail", "Mail", "email", help="Where the clinic writes; messages go only to what the patient confirmed."),
        lives,
        language,
        Field("payer", "Payer", choices=known, help=PAYER),
    ]


def number(typed: object) -> object:
    """A number as it was typed, also with a decimal comma; other text stays, for the check that names its field.

    So does 1,000 or 1.000: to some it is a thousand, to others one.
    """
    if EITHER_WAY.fullmatch(str(typed).strip()):
        return typed
    try:
        value = float(str(typed).replace(",", "."))
    except ValueError:
        return typed
    if not isfinite(value):
        return typed
    return int(value) if value == int(value) else value
