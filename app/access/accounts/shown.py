"""What a patient sees of a flag and a review: its reason and state, and not what the staff write to each other."""

from typing import TypeVar

from pydantic import BaseModel

from app.access.accounts.permissions import Caller

M = TypeVar("M", bound=BaseModel)
OF_STAFF: dict[str, object] = {  # by field: what stands there instead for who reads no further than one record
    "owner_id": None,
    "escalated_at": None,
    "checklist": {},
    "authorisation": None,
}
WRITTEN_BY_STAFF = ("note", "by")  # of a step; the patient's own are theirs to read


def shown_to(caller: Caller, told: M) -> M:
    """The same as the caller may see it; steps keep their day and what was done."""
    if caller.role != "patient":
        return told
    cleared = {name: instead for name, instead in OF_STAFF.items() if name in type(told).model_fields}
    steps = getattr(told, "steps", None)
    if steps is not None:
        blank = dict.fromkeys(WRITTEN_BY_STAFF)
        cleared["steps"] = [one if one.by == caller.account_id else one.model_copy(update=blank) for one in steps]
    return told.model_copy(update=cleared)
