"""E-mail addresses of users in the logs, and records, that are not for each caller."""

from typing import Any

from app.auth.exceptions import MissingPermissionException
from app.auth.models import User
from app.auth.permissions.principal import Principal
from app.core.db.json_text import INVALID_JSON
from app.core.models import recorded_names
from app.core.web.collections.resource import Resource

PERMISSION = "users:read"
WHOLE_LOG = "audit:read"
LABELS = ("actor_label", "user_label")
ADDRESSES = ("email", "email_key")  # of the entity User
HIDDEN = f"hidden: needs {PERMISSION}"

Row = dict[str, Any]


def visible_rows(rows: list[Row], reader: Principal) -> list[Row]:
    """Return the rows of a log as this user may see them."""
    if reader.has_permission(PERMISSION):
        return rows
    return [without_addresses(row) for row in rows]


def without_addresses(row: Row) -> Row:
    hidden = row | {name: None for name in LABELS if name in row}
    if row.get("entity") in recorded_names(User):
        for side in ("old", "new"):
            hidden[side] = hide(row[side])
    return hidden


def visible_pairs(entity: str, pairs: Row, reader: Principal) -> Row:
    """Return the old and new values of a record's columns as this user may see them."""
    if entity != User.__name__ or reader.has_permission(PERMISSION):
        return pairs
    return pairs | {name: (HIDDEN, HIDDEN) for name in ADDRESSES if name in pairs}


def hide(values: Any) -> Any:
    if values is None:
        return None
    if not isinstance(values, dict) or INVALID_JSON in values:
        return {INVALID_JSON: HIDDEN}  # the text may have an address
    return values | {name: HIDDEN for name in ADDRESSES if name in values}


def check_deleted(resource: Resource, reader: Principal) -> None:
    """Refuse deleted records of a collection that hides some of its records.

    Whether one of them would be hidden is not known; the whole log has all of them.
    """
    if resource.hides and not reader.has_permission(WHOLE_LOG):
        raise MissingPermissionException(WHOLE_LOG)
