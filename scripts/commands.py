"""Shared parts of commands: their user's name, and errors as one sentence."""

import gc
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from io import TextIOWrapper

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import settings
from app.core.exceptions import UnavailableException
from app.core.startup.database_faults import describe_fault

WRITE_ERRORS = frozenset({EDQUOT, EFBIG, EIO, ENOSPC})


def run_command(command: Callable[[], object], code: int = 1) -> None:
    """Run a command; exit with the code if standard output can't be written.

    It is UTF-8 in each locale, as the signed notes and lines of JSON in files are.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    # Exclude what the imports made: a tenth of the time of a run of the archive.
    gc.freeze()
    try:
        try:
            command()
        finally:
            print(end="", flush=True)
    except OSError as error:
        if error.filename or error.errno not in WRITE_ERRORS:
            raise
        # Python would write the rest of its buffer at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = f"Standard output can't be written: {error.strerror}."
        print(reason, file=sys.stderr)
        sys.exit(code)


def user_name() -> str:
    """Return the name of the user who runs the command, for the log of changes.

    A container may run with a user id that has no name.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@contextmanager
def exit_on_database_error(consequence: str, code: int = 1) -> Iterator[None]:
    """Print why the database or the schema can't be used, and the consequence."""
    try:
        yield
    except (CommandError, UnavailableException) as error:
        reason = str(error)
    except BrokenPipeError:  # for instance by `| head`
        reason = "The output was closed"
    except (SQLAlchemyError, OSError) as error:
        reason = describe_error(error)
    else:
        return
    print(f"{reason}. {consequence}", file=sys.stderr)
    sys.exit(code)


def describe_error(error: Exception) -> str:
    """Return what failed: a file, or the database. A failed write names no file."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.errno in WRITE_ERRORS:
        return f"A file can't be written: {error.strerror}"
    return f"Database error: {describe_fault(error, settings.DATABASE_URL)}"
