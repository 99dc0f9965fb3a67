"""The numbers that advice says: the clinic's own, and one for an emergency, which there always is."""

import tomllib
from functools import cache
from importlib.resources import files

from app.rules.words import Language

EVERYWHERE = "112"  # reaches help from mobile phones of most networks, also where another number is usual
CLINIC: dict[Language, str] = {
    "en": "Your clinic: {phone}.",
    "de": "Ihre Klinik: {phone}.",
    "fr": "Votre clinique : {phone}.",
    "es": "Su clínica: {phone}.",
}
EMERGENCY: dict[Language, str] = {
    "en": "Emergency: {number}.",
    "de": "Notruf: {number}.",
    "fr": "Urgences : {number}.",
    "es": "Emergencias: {number}.",
}


@cache
def _numbers() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((files(__package__) / "emergency.toml").read_text("utf-8"))["numbers"]
    return found


def emergency_number(own: str | None, jurisdiction: str | None) -> str:
    """The number that a clinic has set, else that of its jurisdiction (ISO 3166-1, two letters), else 112."""
    return own or _numbers().get(jurisdiction or "", EVERYWHERE)


def numbers(phone: str | None, own: str | None, jurisdiction: str | None, *, language: Language = "en") -> str:
    """What ends every advice: whom to call, in the patient's language."""
    emergency = EMERGENCY[language].format(number=emergency_number(own, jurisdiction))
    return f"{CLINIC[language].format(phone=phone)} {emergency}" if phone else emergency
