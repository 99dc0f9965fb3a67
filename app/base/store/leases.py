"""Leases: who of many processes works."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Lease(SQLModel, table=True):
    """A piece of work that one process does at a time, until an instant unless it goes on.

    `up_to_date_at` is when nothing was left to do the last time: the age of it is the lag.
    """

    name: str = Field(primary_key=True, max_length=40)
    holder: str = Field(max_length=64)
    until: datetime
    up_to_date_at: datetime | None = None
