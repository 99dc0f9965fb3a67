"""Logs: one line an event on stderr, for a person on a terminal and as JSON elsewhere. No patient's data goes in."""

import logging
import sys
import threading
from traceback import FrameSummary, extract_tb

import structlog


def without_messages(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replaces an exception by its type and traceback, and those of its causes, without the messages.

    A message may repeat a patient's data: a value that did not fit, the parameters of a statement. What the operating
    system reports, such as a refused connection, is kept.
    """
    lines = error_lines(event.pop("exc_info", None))
    if lines:
        event["exception"] = "\n".join(lines)
    return event


def error_lines(error: object) -> list[str]:
    """The kinds and the places of an exception and of its causes, a line each."""
    lines: list[str] = []
    while isinstance(error, BaseException):
        says = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
        lines += [f"{type(error).__name__}{says}", *map(_place, extract_tb(error.__traceback__))]
        error = error.__cause__ or error.__context__
    return lines


def _place(frame: FrameSummary) -> str:
    return f"  {frame.filename}:{frame.lineno} in {frame.name}"


class PlainLines(logging.Formatter):
    """A library's line without what it was told: its level, its name, its own text, and an exception's kinds and places."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; the arguments of the text are left out, and what follows its first line."""
        text = record.msg.splitlines() if isinstance(record.msg, str) else []
        error = record.exc_info[1] if record.exc_info else None
        return "\n".join([f"{record.levelname.lower()} {record.name}: {text[0] if text else ''}", *error_lines(error)])


def _of_thread(given: threading.ExceptHookArgs) -> None:
    structlog.get_logger().error("thread failed", exc_info=given.exc_value)


def _of_nobody(given: "sys.UnraisableHookArgs") -> None:
    structlog.get_logger().error("failed where nobody waits", exc_info=given.exc_value)


def configure(level: str) -> None:
    """Sets up the process's logs once, those of the libraries among them."""
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLines())
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING))
    threading.excepthook, sys.unraisablehook = _of_thread, _of_nobody
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
