"""Services of a collection in other sessions than that of the request."""

from copy import copy
from typing import Any

from app.core.db.session import DatabaseSession
from app.core.service import CrudService
from app.core.web.etag import UNCONDITIONAL

Service = CrudService[Any, Any, Any]


def service_in(session: DatabaseSession, service: Service) -> Service:
    """Return a copy of the service that uses this session."""
    other = copy(service)
    other.repository = service.repository.in_session(session)
    other.preconditions = UNCONDITIONAL
    return other
