"""Locations of the keys of personal data, by the URL of a database's engine.

Each session and connection leads to its engine, and so to the keys.
"""

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.session import LazySession

# By host, port and name: the hash of a URL takes as long as a statement.
key_urls: dict[tuple[str | None, int | None, str | None], str] = {}


def set_key_url(database: URL, location: str) -> None:
    key_urls[database.host, database.port, database.database] = location


def key_url(database: URL) -> str:
    """Return PERSONAL_KEYS_URL of the engine's settings; empty if it is off."""
    return key_urls.get((database.host, database.port, database.database), "")


def key_url_of(session: AsyncSession) -> str:
    # Not get_bind(), which would open an ORM session.
    if isinstance(session, LazySession):
        return key_url(session.options["bind"].url)
    return key_url(session.get_bind().engine.url)
