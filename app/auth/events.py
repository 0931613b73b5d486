"""Events of the log that say what a request has changed."""

from functools import partial
from uuid import UUID

import structlog

from app.core.db.session import DatabaseSession

logger = structlog.get_logger()


def log_event(event: str, session: DatabaseSession, **ids: UUID) -> None:
    """Log the event once the transaction of the session is committed."""
    texts = {name: str(id) for name, id in ids.items()}
    session.on_commit = (*session.on_commit, partial(logger.info, event, **texts))
