"""The reason why a database does not answer, in words for its operator."""

import os
import socket
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

CANNOT_OPEN = "SQLITE_CANTOPEN"
# It rejects a parameter of the start, or has given the connection another server, where
# a prepared statement is missing or has the name of another.
OF_A_POOLER = frozenset({"08P01", "26000", "42P05"})
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")  # parameters of the URL


def describe_fault(error: Exception, database_url: str) -> str:
    """Return the place of the database and the reason. It contains no password."""
    url = make_url(database_url)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if url.get_backend_name() == "sqlite":
        return f"SQLite at {url.database}: {sqlite_reason(cause, url)}"
    address = f"{url.host or 'localhost'}:{url.port or 5432}"
    hosts = ", ".join(url.normalized_query.get("host", (address,)))
    return f"PostgreSQL at {hosts}: {connection_reason(cause, url)}"


def sqlite_reason(error: BaseException, url: URL) -> str:
    path = Path(url.database or "")
    if getattr(error, "sqlite_errorname", None) != CANNOT_OPEN:
        return first_line(error)
    with suppress(OSError):  # a folder that may not be entered
        if not path.parent.is_dir():
            return f"the folder {path.parent} does not exist"
        if not path.exists():
            return "the file does not exist, run `alembic upgrade head`"
    return "the file can't be opened, check its permissions"


def connection_reason(error: BaseException, url: URL) -> str:
    match error:
        case socket.gaierror():
            return "the host name is unknown"
        case ConnectionRefusedError():
            return "no server listens there"
        case FileNotFoundError():
            return unreadable_file(url) or "no server has a socket there"
        case TimeoutError():
            return "no answer in time"
        case OSError(strerror=str(reason)):
            return unreadable_file(url) or reason
        case _:
            is_poolers = getattr(error, "sqlstate", None) in OF_A_POOLER
            advice = ": set DATABASE_POOLER=transaction" if is_poolers else ""
            return first_line(error) + advice


def unreadable_file(url: URL) -> str:
    """Name the parameter and its file: errors of the TLS library do not."""
    for name in FILES:
        for path in url.normalized_query.get(name, ()):
            if not os.access(path, os.R_OK):
                return f"{name}: {path} can't be read"
    return ""


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
