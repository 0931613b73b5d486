"""The URL of the database in the settings, as clouds and other programs spell it."""

import re
from urllib.parse import parse_qs, urlsplit

DRIVERS = ("sqlite:///", "postgresql://")
# Other libraries name their driver.
POSTGRESQL = re.compile(r"^postgres(ql)?(\+\w+)?://")
ADDRESS = frozenset({"host", "port"})
# Parameters of libpq that asyncpg has, and of the server.
PASSED = frozenset(
    "sslmode sslrootcert sslcert sslkey sslpassword sslcrl sslnegotiation "
    "ssl_min_protocol_version ssl_max_protocol_version target_session_attrs "
    "application_name options".split()
)
CONNECT_TIMEOUT = "connect_timeout"
# asyncpg binds no channel, and uses no GSSAPI.
IGNORED = frozenset({"channel_binding", "gssencmode"})
REMOVED = PASSED | IGNORED | {CONNECT_TIMEOUT}


def check_database_url(url: str) -> str:
    """Return the URL with the name of the database system that it begins with."""
    url = POSTGRESQL.sub("postgresql://", url)
    if not url.startswith(DRIVERS):
        raise ValueError(f"must begin with {' or '.join(DRIVERS)}")
    try:
        urlsplit(url).port  # noqa: B018
    except ValueError:
        raise ValueError("must end in USER:PASSWORD@HOST:PORT/NAME") from None
    if url.startswith("postgresql"):
        check_parameters(parse_qs(urlsplit(url).query, keep_blank_values=True))
    return url


def check_replica_url(url: str) -> str:
    """Accept what is a URL of PostgreSQL, or nothing."""
    if url and not POSTGRESQL.match(url):
        raise ValueError("must begin with postgresql://")
    return url and check_database_url(url)


def check_parameters(given: dict[str, list[str]]) -> None:
    if unknown := sorted(given.keys() - REMOVED - ADDRESS):
        raise ValueError(f"has unknown parameters: {', '.join(unknown)}")
    if not all(each.isdecimal() for each in given.get(CONNECT_TIMEOUT, ())):
        raise ValueError(f"{CONNECT_TIMEOUT} must be a number of seconds")
