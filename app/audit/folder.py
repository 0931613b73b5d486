"""Where a database's spool is."""

from hashlib import sha256
from pathlib import Path

from sqlalchemy import make_url

from app.core.config import Settings


def folder_of(settings: Settings) -> Path:
    """Return a folder for this database alone: no other may get what is in it.

    A new password makes no new folder, and nobody learns the old one from its name.
    """
    url = make_url(settings.DATABASE_URL)
    parts: list[object] = [url.host or url.query.get("host"), url.port, url.database]
    if url.get_backend_name() == "sqlite":
        parts = [Path(url.database or "").resolve()]
    digest = sha256(repr(parts).encode()).hexdigest()
    return settings.AUDIT_SPOOL_DIR / f"{url.get_backend_name()}-{digest[:16]}"
