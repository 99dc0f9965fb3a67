"""What failed is logged with its place and kind, and without a word that may be somebody's data."""

import json

import pytest
import structlog
from pydantic import BaseModel
from sqlalchemy import create_engine, text

from app.base.logs import configure


class Score(BaseModel):
    pain: int


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    configure("info")
    out: list[str] = []
    try:
        try:
            Score.model_validate({"pain": "Ada Muster, unbearable"})
        except ValueError as inner:
            raise RuntimeError("Ada Muster has written 9") from inner
    except RuntimeError as error:
        structlog.get_logger().error("failed", exc_info=error)
    try:
        with create_engine("sqlite://", hide_parameters=True).connect() as connection:
            connection.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Ada Muster"})
    except Exception as error:
        structlog.get_logger().error("failed", exc_info=error)
    try:
        raise ConnectionRefusedError(111, "Connection refused")
    except OSError as error:
        structlog.get_logger().error("failed", exc_info=error)
    out += capsys.readouterr().err.splitlines()
    structlog.reset_defaults()
    return out


def test_no_error_says_what_somebody_wrote(logged: list[str]) -> None:
    assert len(logged) == 3
    assert "Ada" not in "".join(logged)
    first = json.loads(logged[0])["exception"]
    assert first.startswith("RuntimeError\n")
    assert "\nValidationError\n" in first
    assert "test_logs.py:" in first
    assert "ConnectionRefusedError: Connection refused" in json.loads(logged[2])["exception"]
