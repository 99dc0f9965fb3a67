"""What a route asks for: the database and the time.

These are coroutines although they wait for nothing: a plain function would cost a hop to a thread at each call.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from app.base.settings import Settings
from app.base.store.database import Database

Clock = Callable[[], datetime]


async def get_database(request: Request) -> Database:
    """The app's database."""
    return cast(Database, request.app.state.database)


async def get_now(request: Request) -> datetime:
    """The instant of this request, by the app's clock."""
    return cast(Clock, request.app.state.clock)()


async def get_settings(request: Request) -> Settings:
    """The app's settings."""
    return cast(Settings, request.app.state.settings)


DatabaseDep = Annotated[Database, Depends(get_database)]
SettingsDep = Annotated[Settings, Depends(get_settings)]
Now = Annotated[datetime, Depends(get_now)]
