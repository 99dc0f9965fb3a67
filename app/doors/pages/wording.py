"""Sentences of the API as a page says them: days and instants read one way, and no id stands among the words."""

import re
from datetime import date

from app.rules.days import spoken_day

DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
INSTANT = re.compile(r"\b(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:\+00:00|Z)")
ID = re.compile(r" ?\(?\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b\)?")


DONE = {
    "book": "booked",
    "cancel": "cancelled",
    "decide": "decided",
    "move": "moved",
    "propose": "proposed",
    "reopen": "opened again",
    "unbook": "to be booked again",
    "work": "worked on",
}


def done(step: str) -> str:
    """A step as what has been done."""
    return DONE.get(step, step.replace("_", " "))


def spoken(text: object) -> str:
    """A sentence with its days as "20 April 2026" and its instants as "20 April 2026, 07:30 UTC"."""
    plain = INSTANT.sub(lambda found: f"{_day(found[1])}, {found[2]} UTC", ID.sub("", str(text)))
    return DAY.sub(lambda found: _day(found[0]), plain)


ONE_OF = re.compile(r"(?:Input should be|Value is none of) ('.+')")
PLAIN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"Field required|String should have at least 1 character|Input should be a valid string", "is needed"),
        (r"String should match pattern .*", "is not written as it should be"),
        (r"Value should have at most (\d+) items.*", r"has at most \1 characters"),
        (r"a day is written YYYY-MM-DD.*|Input should be a valid date.*", "is a day, such as 2026-05-31"),
        (r"Input should be a valid UUID", "is to be chosen from the list"),
        (r"Input should be a valid integer.*", "is a whole number"),
        (r"Input should be a valid number.*", "is a number"),
        (r"Input should be in a valid time format.*|Input should be a valid time.*", "is a time, such as 09:30"),
        (r"Input should be greater than or equal to (.+)", r"is at least \1"),
        (r"Input should be greater than (.+)", r"is more than \1"),
        (r"Input should be less than or equal to (.+)", r"is at most \1"),
        (r"Input should be less than (.+)", r"is less than \1"),
        (r"(?:String|List|Value) should have at most (\d+) (characters?|items?).*", r"has at most \1 \2"),
        (r"(?:List|Value) should have at least 1 item.*", "is empty; tick at least one"),
    )
)


def fault(detail: str) -> str:
    """What is wrong with a field, in the words of a form and not of a program."""
    for pattern, said in PLAIN:
        found = pattern.fullmatch(detail)
        if found is not None:
            return spoken(found.expand(said))
    choices = ONE_OF.fullmatch(detail)
    if choices is not None:
        return "is one of: " + choices[1].replace("'", "").replace(" or ", ", ").replace("_", " ")
    return spoken(re.sub(r"`([a-z_]+)`", lambda name: f"“{label(name[1])}”", detail))


# Where a form's own words for a field are not those of its name.
LABELS = {
    "again_on": "call again on",
    "agreed": "how the patient agreed",
    "at": "time",
    "authorisation": "number of the authorisation",
    "first_on": "first day",
    "from": "first day",
    "last_on": "last day",
    "mrn": "number of the record (MRN)",
    "on": "day",
    "q": "name, birth date or number",
    "review_ids": "reviews",
    "starts_at": "day and time",
    "toml": "text",
    "url": "address",
    "weeks": "weeks in a row",
}


def label(pointer: str) -> str:
    """A field's name as words: `/slot_id` is the slot; of a place in a list the list's."""
    parts = [LABELS.get(p, re.sub(r"_ids?$", "", p).replace("_", " ")) for p in pointer.strip("/").split("/")]
    return ", ".join(part for part in parts if part and not part.isdecimal())


def _day(text: str) -> str:
    return spoken_day(date.fromisoformat(text))
