"""Services of a collection in other sessions than that of the request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from typing import Any

from app.core.db.database import Database
from app.core.db.session import DatabaseSession
from app.core.service import CrudService
from app.core.web.etag import UNCONDITIONAL

Service = CrudService[Any, Any, Any]


@asynccontextmanager
async def reading_batch(database: Database) -> AsyncIterator[DatabaseSession]:
    """Open a session for a batch of a file, when it is its turn."""
    async with database.turns.reading, database.reading() as session:
        yield session


def service_in(session: DatabaseSession, service: Service) -> Service:
    """Return a copy of the service that uses this session."""
    other = copy(service)
    other.repository = service.repository.in_session(session)
    other.preconditions = UNCONDITIONAL
    return other
