"""Logging: structlog, with the standard library's records in the same format.

A log call never raises: lines that cannot be rendered or written are counted instead.
"""

import json
import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.types import EventDict, Processor

from app.core.config import Settings
from app.core.context import current_ids
from app.core.observability.log_output import log_output

# uvicorn installs its own handlers on these loggers.
SERVER_LOGGERS = ("uvicorn", "uvicorn.error")


def add_ids(_: Any, __: str, event: EventDict) -> EventDict:
    for name, value in current_ids().items():
        event.setdefault(name, value)
    return event


SHARED_PROCESSORS: list[Processor] = [
    add_ids,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper("iso", utc=True),
]


def to_json(_: Any, __: str, event: EventDict) -> bytes:
    try:
        return orjson.dumps(event, default=repr)
    # orjson rejects lone surrogates, integers over 64 bits and keys that are no text.
    except TypeError:
        return json.dumps(event, default=repr, skipkeys=True).encode()


# Both print tracebacks without local variables, which may hold secrets.
def json_processors() -> list[Processor]:
    return [structlog.processors.format_exc_info, to_json]


def console_processors() -> list[Processor]:
    plain = structlog.dev.plain_traceback
    colors = sys.stdout is not None and sys.stdout.isatty()
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def render_safely(renderers: list[Processor]) -> Processor:
    """Combine renderers; drop and count an event that cannot be rendered."""

    def render(logger: Any, name: str, event: Any) -> Any:
        try:
            for renderer in renderers:
                event = renderer(logger, name, event)
        # Any value can be logged, and its __repr__ can raise anything.
        except Exception as error:
            log_output.count_lost(f"{type(error).__name__} while rendering")
            raise structlog.DropEvent from None
        return event

    return render


def configure_logging(settings: Settings) -> None:
    """Send all log records to standard output: JSON in production, else text."""
    level = logging.getLevelNamesMapping()[settings.LOG_LEVEL]
    renderers = json_processors() if settings.is_production else console_processors()
    log_output.use_stream(sys.stdout)
    structlog.configure(
        processors=[*SHARED_PROCESSORS, render_safely(renderers)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: log_output,
        # A cached logger is 2 µs faster, but ignores a later configuration.
        cache_logger_on_first_use=False,
    )
    # Log libraries from WARNING up, unless the level is DEBUG.
    root_level = level if level == logging.DEBUG else max(level, logging.WARNING)
    logging.basicConfig(
        handlers=[LibraryHandler(renderers)], level=root_level, force=True
    )
    for name in SERVER_LOGGERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
        server.setLevel(level)
    # Requests are logged by app.core.web.middleware.
    logging.getLogger("uvicorn.access").disabled = True


def to_text(_: Any, __: str, line: Any) -> str:
    return line.decode() if isinstance(line, bytes) else str(line)


class LibraryHandler(logging.Handler):
    """Handler that formats the standard library's records as structlog's."""

    def __init__(self, renderers: list[Processor]) -> None:
        super().__init__()
        meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        before = [*SHARED_PROCESSORS, structlog.stdlib.add_logger_name]
        self.formatter = structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before, processors=[meta, *renderers, to_text]
        )

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        # A record's arguments can fail to be formatted in any way.
        except Exception as error:
            log_output.count_lost(f"{type(error).__name__} while rendering")
        else:
            log_output.write(line)
