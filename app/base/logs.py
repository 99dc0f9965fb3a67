"""Logs: one line an event on stderr, for a person on a terminal and as JSON elsewhere. No patient's data goes in."""

import logging
import sys
from traceback import FrameSummary, extract_tb

import structlog


def without_messages(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replaces an exception by its type and traceback, and those of its causes, without the messages.

    A message may repeat a patient's data: a value that did not fit, the parameters of a statement. What the operating
    system reports, such as a refused connection, is kept.
    """
    error = event.pop("exc_info", None)
    lines: list[str] = []
    while isinstance(error, BaseException):
        says = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
        lines += [f"{type(error).__name__}{says}", *map(_place, extract_tb(error.__traceback__))]
        error = error.__cause__ or error.__context__
    if lines:
        event["exception"] = "\n".join(lines)
    return event


def _place(frame: FrameSummary) -> str:
    return f"  {frame.filename}:{frame.lineno} in {frame.name}"


def configure(level: str) -> None:
    """Sets up the process's logs once."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING), format="%(message)s")
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            without_messages,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
