"""What the database's refusals mean to a client."""

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from app.core.exceptions import (
    AppException,
    ConflictException,
    StaleException,
    UnavailableException,
    ValidationFailedException,
)

# How PostgreSQL and SQLite name what was violated.
UNIQUE = {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
REFERENCE = {"23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY"}

# Classes of SQLSTATE, and SQLite's names, for a database that cannot answer now:
# connection lost, too many of them, shut down or cancelled, deadlock, lock timeout.
AWAY = ("08", "53", "57", "40", "55P03", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL")
# Data exceptions: a value that the column's type cannot hold.
UNFIT = ("22",)
# Constraints: a repository says more where it knows more.
AT_ODDS = ("23", "SQLITE_CONSTRAINT")


def is_unique(error: IntegrityError) -> bool:
    return reason(error) in UNIQUE


def is_reference(error: IntegrityError) -> bool:
    return reason(error) in REFERENCE


def is_away(error: DBAPIError) -> bool:
    return error.connection_invalidated or reason(error).startswith(AWAY)


def is_for_ever(error: DBAPIError) -> bool:
    """Tell whether these values would be refused again, however often one tried."""
    return reason(error).startswith((*UNFIT, *AT_ODDS))


def reason(error: DBAPIError) -> str:
    """Return PostgreSQL's SQLSTATE, or SQLite's name of the error, or nothing."""
    postgresql = getattr(error.orig, "sqlstate", None)
    return postgresql or getattr(error.orig, "sqlite_errorname", None) or ""


def outdated(name: str) -> StaleException:
    return StaleException(f"{name} has changed since it was read")


def explain(error: Exception) -> AppException | None:
    """Say what a client can do about this; None when it is a fault of ours."""
    if isinstance(error, StaleDataError):
        return outdated("The record")
    if isinstance(error, PoolTimeoutError):
        return UnavailableException("The service is busy")
    if not isinstance(error, DBAPIError) or is_away(error):
        return UnavailableException("The database does not answer")
    if reason(error).startswith(AT_ODDS):
        return ConflictException("This contradicts another record")
    if reason(error).startswith(UNFIT):
        return ValidationFailedException([])
    return None
