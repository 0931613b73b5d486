"""Locations of the keys of personal data, by the URL of a database's engine.

Each session and connection leads to its engine, and so to the keys.
"""

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.session import LazySession

KEY_URLS: dict[URL, str] = {}


def key_url(database: URL) -> str:
    """Return PERSONAL_KEYS_URL of the engine's settings; empty if it is off."""
    return KEY_URLS.get(database, "")


def key_url_of(session: AsyncSession) -> str:
    # Not get_bind(), which would open an ORM session.
    if isinstance(session, LazySession):
        return key_url(session.options["bind"].url)
    return key_url(session.get_bind().engine.url)
