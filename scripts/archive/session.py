"""What surrounds each command: the database, its context, and an exit code."""

import asyncio
import getpass
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.audit.archive.exceptions import ArchiveException
from app.core.config import settings
from app.core.context import Context, new_context
from app.core.db.database import Database
from app.core.db.migrations import check_schema

# Nobody waits for us: a statement may take longer than one of a request.
PATIENCE = 120.0
ERROR = 1
SAFE = "Only rows whose copy was verified are ever deleted. The next run goes on."
ResultT = TypeVar("ResultT")


def perform(work: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    """Do this with the database, or stop with one sentence and its exit code."""
    quieten()
    try:
        with new_context(Context(actor_label=getpass.getuser())):
            return asyncio.run(with_database(work))
    except ArchiveException as error:
        stop(str(error), error.exit_code)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        stop(f"The database has failed: {reason}. {SAFE}", ERROR)
    except OSError as error:
        stop(f"{error}. {SAFE}", ERROR)


async def with_database(work: Callable[[Database], Awaitable[ResultT]]) -> ResultT:
    longer = max(PATIENCE, settings.DATABASE_TIMEOUT)
    database = Database(settings.model_copy(update={"DATABASE_TIMEOUT": longer}))
    try:
        if fault := await check_schema(database):
            raise ArchiveException(fault)
        return await work(database)
    finally:
        await database.close()


def quieten() -> None:
    """Keep standard output for the answer: what is logged goes to standard error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def stop(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(code)
