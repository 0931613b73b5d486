"""Runner of the archive commands: database, audit context, exit codes."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.archive.exceptions import (
    ArchiveException,
    StoreException,
    VerificationException,
)
from app.audit.archive.rows.reading import UNREADABLE
from app.audit.archive.verify.verify import find_damage
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.db.database import Database
from app.core.db.migrations import check_head
from app.core.observability.log_output import log_output
from scripts.commands import exit_on_database_error, user_name

# No client waits for a command: allow statements more time than in a request.
STATEMENT_TIMEOUT = 120.0  # seconds
RETRY_ADVICE = "No row is lost: correct the cause, and start the command again."
DAMAGED = (
    "The tables of the audit log were changed: {}. Find out who did it, and restore "
    "them; then run `verify`. No row was deleted."
)
ResultT = TypeVar("ResultT")


def run_with_database(command: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    """Run a command; on failure print one line to standard error and exit."""
    log_to_stderr()
    try:
        with (
            exit_on_database_error(RETRY_ADVICE),
            new_context(Context(actor_label=user_name())),
        ):
            return asyncio.run(with_database(command))
    except StoreException as error:
        exit_with_error(f"{error}. {RETRY_ADVICE}", error.exit_code)
    except ArchiveException as error:
        exit_with_error(str(error), error.exit_code)


async def with_database(command: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    timeout = max(STATEMENT_TIMEOUT, settings.DATABASE_TIMEOUT)
    database = Database(settings.model_copy(update={"DATABASE_TIMEOUT": timeout}))
    try:
        if error := await check_head(database):
            raise ArchiveException(error)
        return await command(database)
    except (SQLAlchemyError, *UNREADABLE):
        if found := await find_damage(database):
            raise VerificationException(DAMAGED.format("; ".join(found[:5]))) from None
        raise
    finally:
        await database.close()


def log_to_stderr() -> None:
    """Send log output to standard error. Standard output is for results."""
    log_output.use_stream(sys.stderr)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: log_output,
    )


def exit_with_error(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
