"""What is kept of a request: everything but its body, and no secret."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import uuid_utils
from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.audit.access.redaction import masked, one_line
from app.auth.client import client_ip
from app.core.context import current_context
from app.core.web.middleware import route_of

LENGTH_OF_TIME = len("2026-11-23 12:00:00.000000")

# By column; ids and times are text, as SQLite keeps them.
Row = dict[str, Any]


class Outcome(StrEnum):
    ANSWERED = "answered"  # the server was given the whole answer
    CRASHED = "crashed"  # by a fault of ours: 500, or half an answer, or none
    DISCONNECTED = "disconnected"  # the client hung up before the answer was whole
    WITHHELD = "withheld"  # 503 instead of the answer, which could not be recorded


def describe(scope: Scope, at: datetime) -> Row:
    """Return what a row says of who asked for what, from where."""
    context, route = current_context(), route_of(scope)
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    query = masked(scope["query_string"].decode("latin-1"))
    return {
        "id": uuid_utils.uuid7().hex,
        "at": at.isoformat(" ", "microseconds")[:LENGTH_OF_TIME],
        "request_id": context.request_id,
        "user_id": digits(context.actor_id),
        "user_label": context.actor_label,
        "session_id": digits(context.session_id),
        "ip": client_ip(HTTPConnection(scope)),
        "method": one_line(scope["method"], 20),
        "path": one_line(scope["path"], 2048),
        "route": route and one_line(route, 255),
        "query": one_line(query, 2048),
        "user_agent": one_line(agent, 255) or None,
    }


def digits(id: UUID | None) -> str | None:
    return id.hex if id else None
