"""States in which a database does not serve, by the errors of the drivers."""

from enum import StrEnum

from asyncpg import InvalidCachedStatementError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Outage(StrEnum):
    """A state, as the sentence that is shown to clients and in /readyz."""

    AWAY = "The database does not answer"
    REFUSED = "The database refuses access"
    READ_ONLY = "The database is read-only"
    FULL = "The database has no space left"
    DAMAGED = "The database is damaged"
    BUSY = "The database is busy; retry later"
    POOL = "All database connections are in use; retry later"


# In these states a connection is stuck to a server, or to a file, that no longer is the
# right one: another one may find the database well.
STUCK = frozenset({Outage.AWAY, Outage.READ_ONLY, Outage.DAMAGED})

# By the beginning of PostgreSQL's SQLSTATE or of SQLite's error name: the longest wins.
OUTAGES = {
    # Connection exceptions; shutdown; a cancelled statement, which took too long.
    "08": Outage.AWAY,
    "57P": Outage.AWAY,
    "57": Outage.BUSY,
    # Wrong password, no such database, no permission.
    "28": Outage.REFUSED,
    "3D": Outage.REFUSED,
    "42501": Outage.REFUSED,
    # A named statement is missing or exists: a pooler has changed the server.
    "26": Outage.REFUSED,
    "42P05": Outage.REFUSED,
    "25006": Outage.READ_ONLY,
    # A transaction was idle, or open, for too long.
    "25P03": Outage.BUSY,
    "25P04": Outage.BUSY,
    # Insufficient resources; rolled back, as in a deadlock; a lock, an object in use.
    "53": Outage.BUSY,
    "53100": Outage.FULL,
    "40": Outage.BUSY,
    "55P03": Outage.BUSY,
    "55006": Outage.BUSY,
    # Errors of the disk; corrupted data or index.
    "58": Outage.DAMAGED,
    "XX001": Outage.DAMAGED,
    "XX002": Outage.DAMAGED,
    "SQLITE_CANTOPEN": Outage.AWAY,
    "SQLITE_AUTH": Outage.REFUSED,
    "SQLITE_READONLY": Outage.READ_ONLY,
    "SQLITE_READONLY_DBMOVED": Outage.AWAY,
    "SQLITE_PERM": Outage.READ_ONLY,
    "SQLITE_FULL": Outage.FULL,
    "SQLITE_CORRUPT": Outage.DAMAGED,
    "SQLITE_NOTADB": Outage.DAMAGED,
    "SQLITE_IOERR": Outage.DAMAGED,
    "SQLITE_BUSY": Outage.BUSY,
    "SQLITE_LOCKED": Outage.BUSY,
    "SQLITE_INTERRUPT": Outage.BUSY,
    "SQLITE_PROTOCOL": Outage.BUSY,
    "SQLITE_SCHEMA": Outage.BUSY,
    "SQLITE_NOMEM": Outage.BUSY,
}
LONGEST = max(map(len, OUTAGES))


def outage_of(error: BaseException) -> Outage | None:
    """Return the state of the database that the error shows; None for other errors."""
    if isinstance(error, PoolTimeoutError):
        return Outage.POOL
    if isinstance(error, OSError):  # of the network; TimeoutError is one
        return Outage.AWAY
    if not isinstance(error, DBAPIError):
        return None
    # The schema has changed since the statement was prepared. It will be again.
    if isinstance(cause_of(error), InvalidCachedStatementError):
        return Outage.BUSY
    found = find_outage(error_code(error))
    return found or (Outage.AWAY if error.connection_invalidated else None)


def find_outage(code: str) -> Outage | None:
    lengths = range(min(len(code), LONGEST), 0, -1)
    return next((OUTAGES[code[:n]] for n in lengths if code[:n] in OUTAGES), None)


def error_code(error: DBAPIError) -> str:
    """Return PostgreSQL's SQLSTATE, SQLite's error name, or an empty string."""
    return code_of(error.orig)


def code_of(error: BaseException | None) -> str:
    """Return the code of an error of the driver."""
    postgresql = getattr(error, "sqlstate", None)
    return postgresql or getattr(error, "sqlite_errorname", None) or ""


def cause_of(error: DBAPIError) -> BaseException | None:
    """Return the driver's own error, which SQLAlchemy's adapter has translated."""
    return error.orig and error.orig.__cause__
