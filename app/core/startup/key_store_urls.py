"""The URL of the keys of personal data in the settings."""

from pydantic import ValidationInfo
from sqlalchemy import make_url

from app.core.startup.database_urls import check_database_url

FILE = "sqlite:////"  # of an absolute path
PORT = 5432  # of PostgreSQL, if the URL has none


def check_keys_url(url: str, info: ValidationInfo) -> str:
    """Return the URL of the keys; raise ValueError if backups would contain them."""
    if not url:
        return url
    url = check_database_url(url)
    if url.startswith("sqlite") and not url.startswith(FILE):
        raise ValueError(f"must have an absolute path: {FILE}path/keys.db")
    database = info.data.get("DATABASE_URL", "")
    if place_of(url) == place_of(database):
        raise ValueError("must be another database than DATABASE_URL")
    if url.startswith("postgresql") and not database.startswith("postgresql"):
        raise ValueError("must be a file if DATABASE_URL is one")
    return url


def place_of(url: str) -> tuple[object, ...]:
    parsed = make_url(url or "sqlite://")
    return parsed.host, parsed.port or PORT, parsed.database
