"""How one change is written down."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.audit.changes.snapshots import Values, snapshot
from app.audit.models import Action
from app.core.clock import now
from app.core.context import current_context
from app.core.db.ids import uuid7
from app.core.models import Entity

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happened to one row: an insert has no old values, a delete no new ones."""

    action: Action
    model: type[Entity]
    id: UUID
    version: int
    old: Values
    new: Values


def change_row(step: RowChange, key: bytes) -> Row:
    """Return the values of one AuditChange: plain, for building objects costs more.

    `key` is what redacted values are hashed with.
    """
    salt = key + step.id.bytes
    return described(step.action) | {
        "entity": step.model.__name__,
        "entity_id": step.id,
        "version": step.version,
        "old": snapshot(step.model, step.old, salt),
        "new": snapshot(step.model, step.new, salt),
    }


def unaudited_row(reason: str, table: str) -> Row:
    """Return the trace that stepping around the audit leaves."""
    return described(Action.UNAUDITED) | {
        "entity": table,
        "entity_id": None,
        "version": None,
        "old": None,
        "new": None,
        "reason": reason[:500],
    }


def described(action: Action) -> Row:
    """Say who did it, and when."""
    context = current_context()
    return {
        "id": uuid7(),
        "at": now(),
        "request_id": context.request_id,
        "actor_id": context.actor_id,
        "actor_label": context.actor_label,
        "action": action,
        "reason": context.reason,
    }
