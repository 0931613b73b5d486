"""Logging: structlog, with the standard library's records in the same format."""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.types import EventDict, Processor

from app.core.config import Settings
from app.core.context import current_request_id

# uvicorn installs its own handlers on these loggers.
SERVER_LOGGERS = ("uvicorn", "uvicorn.error")


def add_request_id(_: Any, __: str, event: EventDict) -> EventDict:
    if request_id := current_request_id():
        event.setdefault("request_id", request_id)
    return event


SHARED_PROCESSORS: list[Processor] = [
    add_request_id,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper("iso", utc=True),
]


def to_json(_: Any, __: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=repr)


# Both print tracebacks without local variables, which may hold secrets.
def json_processors() -> list[Processor]:
    return [structlog.processors.format_exc_info, to_json]


def console_processors() -> list[Processor]:
    plain = structlog.dev.plain_traceback
    colors = sys.stdout.isatty()
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def configure_logging(settings: Settings) -> None:
    """Send all log records to standard output: JSON in production, else text."""
    level = logging.getLevelNamesMapping()[settings.LOG_LEVEL]
    renderers = json_processors() if settings.is_production else console_processors()
    structlog.configure(
        processors=[*SHARED_PROCESSORS, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=make_logger_factory(settings),
        # A cached logger is 2 µs faster, but ignores a later configuration.
        cache_logger_on_first_use=False,
    )
    # Log libraries from WARNING up, unless the level is DEBUG.
    root_level = level if level == logging.DEBUG else max(level, logging.WARNING)
    logging.basicConfig(
        handlers=[stdlib_handler(renderers)], level=root_level, force=True
    )
    for name in SERVER_LOGGERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
        server.setLevel(level)
    # Requests are logged by app.core.web.middleware.
    logging.getLogger("uvicorn.access").disabled = True


def make_logger_factory(settings: Settings) -> Any:
    """Return a structlog logger factory: for bytes in production, else for text."""
    if settings.is_production:
        return structlog.BytesLoggerFactory(sys.stdout.buffer)
    return structlog.WriteLoggerFactory(sys.stdout)


def to_text(_: Any, __: str, line: Any) -> str:
    return line.decode() if isinstance(line, bytes) else str(line)


def stdlib_handler(renderers: list[Processor]) -> logging.Handler:
    """Return a handler that formats the standard library's records."""
    handler = logging.StreamHandler(sys.stdout)
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*SHARED_PROCESSORS, structlog.stdlib.add_logger_name],
            processors=[meta, *renderers, to_text],
        )
    )
    return handler
