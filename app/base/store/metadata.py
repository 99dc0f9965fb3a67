"""What every table shares: the naming of constraints, ids and instants."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import JSON, ForeignKeyConstraint, String
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = SQLModel.metadata


def Json(none_as_null: bool = False) -> TypeEngine[Any]:  # noqa: N802  # reads as a type; holds any JSON
    """JSON as text on both: PostgreSQL's JSONB would reorder an object's fields, and nothing queries inside."""
    return JSON(none_as_null)


class Word(TypeDecorator[str]):
    """A word of `rules/words.py`, at most 20 characters: the model's attribute says which, the column holds text."""

    impl = String(20)
    cache_ok = True


def new_id() -> UUID:
    """A UUIDv7: unique, and sorted by the time it was made."""
    return uuid_utils.compat.uuid7()


def utc_now() -> datetime:
    """The instant now."""
    return datetime.now(UTC)


# in a column's `info`: somebody wrote about its days, where the columns named there hold something
ON_RECORD = "on record"


def of_patient() -> ForeignKeyConstraint:
    """Ties a row to a patient of its own clinic; a row of another clinic cannot be named."""
    return ForeignKeyConstraint(["clinic_id", "patient_id"], ["patient.clinic_id", "patient.id"])
