"""Rows of the access log: metadata of a request, without its body or secrets."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import uuid_utils
from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.audit.personal.users import ENCRYPTED
from app.auth.client import client_ip
from app.core.context import current_context
from app.core.observability.redaction import mask_query, printable
from app.core.web.middleware import route_of

TIMESTAMP_LENGTH = len("2026-11-23 12:00:00.000000")

# Columns that lines of the release before lack.
LATER_NAMES = "user_name request_id_source replay_of key_id key_name exported_rows"
LATER: dict[str, None] = dict.fromkeys((*LATER_NAMES.split(), ENCRYPTED))
# Values by column. Ids and timestamps are text in SQLite's storage format.
Row = dict[str, Any]


class Outcome(StrEnum):
    ANSWERED = "answered"  # the server accepted the complete response
    CRASHED = "crashed"  # status 500, or no complete response
    DISCONNECTED = "disconnected"  # the client closed the connection before the end
    WITHHELD = "withheld"  # 503, because the response could not be recorded


def request_values(scope: Scope, at: datetime) -> Row:
    """Return the columns that describe the request: client, user and target."""
    context, route = current_context(), route_of(scope)
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    query = mask_query(scope["query_string"].decode("latin-1"))
    return {
        "id": uuid_utils.uuid7().hex,
        "at": at.isoformat(" ", "microseconds")[:TIMESTAMP_LENGTH],
        "request_id": context.request_id,
        "request_id_source": context.request_id_source,
        "replay_of": context.replay_of,
        "user_id": hex_or_none(context.actor_id),
        "user_label": context.actor_label,
        "user_name": context.actor_name,
        "key_id": hex_or_none(context.key_id),
        "key_name": context.key_name,
        "session_id": hex_or_none(context.session_id),
        "ip": client_ip(HTTPConnection(scope)),
        "method": printable(scope["method"], 20),
        "path": printable(scope["path"], 2048),
        "route": route and printable(route, 255),
        "query": printable(query, 2048),
        "user_agent": printable(agent, 255) or None,
        "exported_rows": context.exported_rows,
    }


def hex_or_none(id: UUID | None) -> str | None:
    return id.hex if id else None
