"""Shared parts of commands: their user's name, and errors as one sentence."""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import settings
from app.core.exceptions import UnavailableException
from app.core.startup.database_faults import describe_fault


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
    """Return what failed: the file that an error names, or else the database."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"Database error: {describe_fault(error, settings.DATABASE_URL)}"
