"""Logging: structlog for us, and the same for uvicorn's and SQLAlchemy's records."""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.types import EventDict, Processor

from app.core.config import Settings
from app.core.context import current_request_id

# The server brings handlers of its own, even when the application comes second.
SERVER = ("uvicorn", "uvicorn.error")


def add_request_id(_: Any, __: str, event: EventDict) -> EventDict:
    if request_id := current_request_id():
        event.setdefault("request_id", request_id)
    return event


SHARED: list[Processor] = [
    add_request_id,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper("iso", utc=True),
]


def to_json(_: Any, __: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=repr)


# Neither shows the variables of a traceback's frames: there may be secrets among them.
def for_programs() -> list[Processor]:
    return [structlog.processors.format_exc_info, to_json]


def for_people() -> list[Processor]:
    plain = structlog.dev.plain_traceback
    colors = sys.stdout.isatty()
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def configure_logging(settings: Settings) -> None:
    """Send every record of the process to standard output, in one format."""
    level = logging.getLevelNamesMapping()[settings.LOG_LEVEL]
    render = for_programs() if settings.is_production else for_people()
    structlog.configure(
        processors=[*SHARED, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=sink(settings),
        # Cached, loggers are 2 µs faster, but deaf to a second application's settings.
        cache_logger_on_first_use=False,
    )
    # Libraries whisper: their INFO is heard only where everything is.
    chatter = level if level == logging.DEBUG else max(level, logging.WARNING)
    logging.basicConfig(handlers=[foreign(render)], level=chatter, force=True)
    for name in SERVER:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
        server.setLevel(level)
    # The access log is ours: see middleware.py.
    logging.getLogger("uvicorn.access").disabled = True


def sink(settings: Settings) -> Any:
    """Return what makes loggers: of bytes, as orjson gives them, or of text."""
    if settings.is_production:
        return structlog.BytesLoggerFactory(sys.stdout.buffer)
    return structlog.WriteLoggerFactory(sys.stdout)


def to_text(_: Any, __: str, line: Any) -> str:
    return line.decode() if isinstance(line, bytes) else str(line)


def foreign(render: list[Processor]) -> logging.Handler:
    """Return what writes the records of the standard library as if they were ours."""
    handler = logging.StreamHandler(sys.stdout)
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*SHARED, structlog.stdlib.add_logger_name],
            processors=[meta, *render, to_text],
        )
    )
    return handler
