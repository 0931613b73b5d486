"""Translate database errors into application exceptions."""

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core.db.outages.states import error_code, outage_of
from app.core.exceptions import (
    AppException,
    ConflictException,
    StaleException,
    UnavailableException,
    ValidationFailedException,
)

# SQLSTATEs of PostgreSQL, and SQLite's names of extended result codes.
UNIQUE_VIOLATION = {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
FOREIGN_KEY_VIOLATION = {"23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY"}
DEADLOCKS = {"40P01", "40001"}
# Prefixes. Data exceptions: the column's type cannot hold the value.
DATA_ERRORS = ("22",)
MALFORMED = "malformed JSON"  # SQLite, which has no code of its own for it
# Integrity constraint violations. A repository raises a more exact error if it can.
INTEGRITY_ERRORS = ("23", "SQLITE_CONSTRAINT")


def is_unique_violation(error: IntegrityError) -> bool:
    return error_code(error) in UNIQUE_VIOLATION


def is_foreign_key_violation(error: IntegrityError) -> bool:
    return error_code(error) in FOREIGN_KEY_VIOLATION


def has_unreadable_value(error: DBAPIError) -> bool:
    """Return whether a stored text is no JSON, or no value of its column's type."""
    return error_code(error).startswith(DATA_ERRORS) or MALFORMED in str(error.orig)


def is_permanent(error: DBAPIError) -> bool:
    """Return whether retrying with the same values would fail again."""
    return error_code(error).startswith((*DATA_ERRORS, *INTEGRITY_ERRORS))


def is_deadlock(error: BaseException) -> bool:
    """Return whether the transaction may succeed once it has released its locks."""
    return isinstance(error, DBAPIError) and error_code(error) in DEADLOCKS


def stale(name: str) -> StaleException:
    return StaleException(f"{name} has changed since it was read")


def to_app_exception(error: Exception) -> AppException | None:
    """Translate a database error. Return None if it is a bug of the application."""
    if isinstance(error, StaleDataError):
        return stale("The record")
    if outage := outage_of(error):
        return UnavailableException(outage)
    code = error_code(error) if isinstance(error, DBAPIError) else ""
    if code.startswith(INTEGRITY_ERRORS):
        return ConflictException(violation(code))
    if code.startswith(DATA_ERRORS) or is_beyond_64_bits(error):
        return ValidationFailedException([])
    return None


def violation(code: str) -> str:
    if code in UNIQUE_VIOLATION:
        return "Conflicts with an existing record"
    if code in FOREIGN_KEY_VIOLATION:
        return "Refers to a record that does not exist, or is still in use"
    return "The values violate a constraint"


def is_beyond_64_bits(error: Exception) -> bool:
    """Return whether SQLite's driver could not convert an integer."""
    return isinstance(error, OverflowError) and "SQLite" in str(error)
