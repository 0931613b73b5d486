"""The URL of the database in the settings, as clouds and other programs spell it."""

import re
from urllib.parse import parse_qs, urlsplit

DRIVERS = ("sqlite:///", "postgresql://")
# Other libraries name their driver.
POSTGRESQL = re.compile(r"^postgres(ql)?(\+\w+)?://")
SQLITE = re.compile(r"^sqlite\+(aio|py)sqlite://")
ADDRESS = frozenset({"host", "port"})
PARAMETER = re.compile("=[^&]*")
END_OF_AUTHORITY = re.compile("[/?#]")
FORM = (
    "must end in USER:PASSWORD@HOST:PORT/NAME, with @ : / ? # [ in the user and the "
    "password as %40 %3A %2F %3F %23 %5B"
)
HOSTS = "must name several hosts as ?host=A:5432&host=B:5432"
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
    url = SQLITE.sub("sqlite://", POSTGRESQL.sub("postgresql://", url))
    if not url.startswith(DRIVERS):
        raise ValueError(f"must begin with {' or '.join(DRIVERS)}")
    if url.startswith("sqlite"):
        check_file(url.removeprefix("sqlite:///"))
    else:
        check_address(url)
        check_parameters(parse_qs(urlsplit(url).query, keep_blank_values=True))
    return url


def check_file(path: str) -> None:
    if "?" in path or path.startswith("file:"):
        raise ValueError("must name a file, without parameters: sqlite:///app.db")


def check_address(url: str) -> None:
    """Reject a URL whose password ends where another part of it seems to begin.

    Later messages have the address, and would contain the rest of the password.
    """
    rest = url.removeprefix("postgresql://")
    authority = END_OF_AUTHORITY.split(rest, 1)[0]
    user, at, hosts = authority.rpartition("@")
    path = rest.removeprefix(authority)
    named = PARAMETER.sub("", path) if path.startswith("/") else path
    is_cut = authority and not at and "@" in named
    if is_cut or "@" in user.partition(":")[2]:
        raise ValueError(FORM)
    if "," in hosts:
        raise ValueError(HOSTS)
    try:
        urlsplit(url).port  # noqa: B018
    except ValueError:
        raise ValueError(FORM) from None


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
