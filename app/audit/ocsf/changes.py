"""Changes of records as OCSF events: Entity Management, or Account Change of users."""

from typing import Any

from app.audit.models import Action
from app.audit.ocsf.common import (
    ACCOUNT_CHANGE,
    ENTITY_MANAGEMENT,
    OTHER,
    UNNAMED,
    Kind,
    address,
    common,
    user,
)
from app.audit.ocsf.fields import Attribute, Json, Read, build, field
from app.audit.schemas import ChangeRead
from app.auth.models import User, UserRole
from app.core.models import recorded_names

USERS, MEMBERS = recorded_names(User), recorded_names(UserRole)
OF_ENTITY = {
    Action.INSERT: (1, "Create"),
    Action.UPDATE: (3, "Update"),
    Action.DELETE: (4, "Delete"),
    Action.UNAUDITED: (OTHER, "Unaudited write"),
}
OF_USER = {Action.INSERT: (1, "Create"), Action.DELETE: (6, "Delete")}
OF_MEMBER = {Action.INSERT: (7, "Attach Policy"), Action.DELETE: (8, "Detach Policy")}
SUCCESS = 1


def kind_of(change: ChangeRead) -> Kind:
    is_audited = change.action is not Action.UNAUDITED
    if change.entity in USERS and change.entity_id and is_audited:
        return Kind(ACCOUNT_CHANGE, *OF_USER.get(change.action, update_of(change)))
    if change.action in OF_MEMBER and member_of(change):
        return Kind(ACCOUNT_CHANGE, *OF_MEMBER[change.action])
    return Kind(ENTITY_MANAGEMENT, *OF_ENTITY[change.action])


def update_of(change: ChangeRead) -> tuple[int, str]:
    new = change.new or {}
    if "is_active" in new:
        return (2, "Enable") if new["is_active"] else (5, "Disable")
    return (3, "Password Change") if "password_hash" in new else (OTHER, "Update")


def values_of(change: ChangeRead) -> Json:
    """Return the values after the change, or before it if the record is gone."""
    return change.new or change.old or {}


def member_of(change: ChangeRead) -> str | None:
    """Return the user who got or lost a role."""
    id = values_of(change).get("user_id") if change.entity in MEMBERS else None
    return id if isinstance(id, str) else None


def policies_of(change: ChangeRead) -> list[Json] | None:
    role = values_of(change).get("role_id")
    has_role = member_of(change) and isinstance(role, str)
    return [{"type": "Role", "uid": role}] if has_role else None


def if_new(name: str) -> Read:
    return lambda change: getattr(change, name) if change.new else None


def text(value: Any) -> str | None:
    return None if value is None else str(value)


COMMON = (
    *common("changes"),
    Attribute("status_id", "always 1: it was committed", lambda _: SUCCESS),
    *user("actor.user", "actor"),
)
ENTITY = (
    *COMMON,
    Attribute("entity.name", "`entity`", lambda it: it.entity or UNNAMED),
    field("entity.type", "entity"),
    field("entity.uid", "entity_id"),
    Attribute("entity.version", "`version`", lambda it: text(it.version)),
    field("entity.data", "old"),
    Attribute("entity_result.name", "`entity`", if_new("entity")),
    Attribute("entity_result.uid", "`entity_id`", if_new("entity_id")),
    Attribute("entity_result.data", "`new`", if_new("new")),
    field("comment", "reason"),
    Attribute("unmapped.action", "`action`", lambda it: it.action.value),
)
ACCOUNT = (
    *COMMON,
    Attribute(
        "user.uid",
        "`entity_id`; of a role given to a user, `user_id` in the values",
        lambda it: member_of(it) or it.entity_id,
    ),
    Attribute(
        "user.email_addr",
        "`email` in `new` or `old`",
        lambda it: address(values_of(it).get("email")),
    ),
    Attribute("policies", "`role_id` of a role given or taken", policies_of),
    field("unmapped.entity", "entity"),
    field("unmapped.entity_id", "entity_id"),
    Attribute("unmapped.action", "`action`", lambda it: it.action.value),
    field("unmapped.version", "version"),
    field("unmapped.old", "old"),
    field("unmapped.new", "new"),
    field("unmapped.reason", "reason"),
)
MAPPINGS = {ENTITY_MANAGEMENT: ENTITY, ACCOUNT_CHANGE: ACCOUNT}


def change_event(change: ChangeRead) -> Json:
    kind = kind_of(change)
    return kind.classification() | build(MAPPINGS[kind.class_uid], change)
