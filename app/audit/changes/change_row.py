"""Rows of the change log, as dictionaries of column values, and their INSERT."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from app.audit.changes.snapshots import Values, snapshot
from app.audit.changes.tables import LOGGED
from app.audit.models import Action, AuditChange
from app.audit.personal.users import hide_actor
from app.core.context import current_context
from app.core.db.driver.execution import change as execute
from app.core.db.driver.execution import change_many
from app.core.db.driver.statements import PreparedStatement
from app.core.db.ids import uuid7
from app.core.db.personal.key_urls import key_url
from app.core.db.records.statements import new_values, parameters
from app.core.models import Entity

Row = dict[str, Any]

TABLE: Any = AuditChange.__table__  # type: ignore[attr-defined]  # SQLModel's types
COLUMNS = [name for name in TABLE.c.keys() if name != "transaction_id"]  # noqa: SIM118
# PostgreSQL numbers the transaction itself.
INSERT = PreparedStatement(insert(TABLE).values(parameters(TABLE, COLUMNS)))
INSERT_NUMBERED = PreparedStatement(
    insert(TABLE).values(parameters(TABLE, TABLE.c.keys()))
)


@dataclass(frozen=True, slots=True)
class RowChange:
    """One change of one row; `old` is empty for an INSERT, `new` for a DELETE."""

    action: Action
    model: type[Entity]
    id: UUID
    version: int
    old: Values
    new: Values


def change_row(change: RowChange, key: bytes) -> Row:
    """Return the values of one `audit_change` row, but for its time.

    A dictionary, because constructing an AuditChange takes longer. `key` is the key for
    hashing redacted values.
    """
    salt = key + change.id.bytes
    return common_values(change.action) | {
        "entity": change.model.__name__,
        "entity_id": change.id,
        "version": change.version,
        "old": snapshot(change.model, change.old, salt),
        "new": snapshot(change.model, change.new, salt),
    }


def unaudited_row(reason: str, table: str) -> Row:
    """Return the `audit_change` row of a write to `table` inside unaudited().

    Its time is missing: that is read from the log, in the transaction of the INSERT.
    """
    return common_values(Action.UNAUDITED) | {
        "entity": table,
        "entity_id": None,
        "version": None,
        "old": None,
        "new": None,
        "reason": reason[:500],
    }


def common_values(action: Action) -> Row:
    """Return the action with the actor and reason of the current request."""
    context = current_context()
    return {
        "id": uuid7(),
        "request_id": context.request_id,
        "request_id_source": context.request_id_source,
        "actor_id": context.actor_id,
        "actor_label": context.actor_label,
        "actor_name": context.actor_name,
        "key_id": context.key_id,
        "key_name": context.key_name,
        "personal": None,
        "action": action,
        "reason": context.reason,
    }


def insert_rows(connection: Connection, rows: list[Row]) -> None:
    """Insert rows of one request, which have a time and, on SQLite, a number."""
    hide_actor(key_url(connection.engine.url), rows)
    statement = INSERT_NUMBERED if "transaction_id" in rows[0] else INSERT
    many = [new_values(row) for row in rows]
    if len(many) == 1:
        execute(connection, statement, many[0], LOGGED)
    else:
        change_many(connection, statement, many, LOGGED)
