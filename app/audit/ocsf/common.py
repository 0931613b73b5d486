"""Attributes that the events of both logs have in common, of OCSF 1.8.0."""

from typing import Any, NamedTuple

from app import __version__
from app.audit.ocsf.fields import Attribute, Json, field
from app.core.clock import to_ticks

VERSION = "1.8.0"
PRODUCT = "Back Office API"
INFORMATIONAL = 1
OTHER = 99
UNNAMED = "unknown"  # where an attribute is required, and nothing is known
MILLISECOND = 1_000  # of ticks
ENTITY_MANAGEMENT, ACCOUNT_CHANGE = 3004, 3001
API_ACTIVITY, AUTHENTICATION = 6003, 3002


class Kind(NamedTuple):
    """Class and activity of an event."""

    class_uid: int
    activity_id: int
    activity_name: str

    def classification(self) -> Json:
        return {
            "category_uid": self.class_uid // 1_000,
            "class_uid": self.class_uid,
            "activity_id": self.activity_id,
            "activity_name": self.activity_name,
            "type_uid": self.class_uid * 100 + self.activity_id,
        }


def common(log: str) -> tuple[Attribute, ...]:
    return (
        Attribute("metadata.version", f"always `{VERSION}`", lambda _: VERSION),
        Attribute("metadata.product.name", f"always `{PRODUCT}`", lambda _: PRODUCT),
        Attribute(
            "metadata.product.version", "of the application", lambda _: __version__
        ),
        Attribute("metadata.log_name", f"always `{log}`", lambda _: log),
        field("metadata.uid", "id"),
        field("metadata.correlation_uid", "request_id"),
        Attribute("metadata.original_time", "`at`", lambda it: it.at.isoformat()),
        Attribute("time", "`at` in milliseconds", milliseconds),
        Attribute("severity_id", f"always {INFORMATIONAL}", lambda _: INFORMATIONAL),
        field("unmapped.request_id_source", "request_id_source"),
        field("unmapped.key_name", "key_name"),
        Attribute(
            "unmapped.unreadable", "`unreadable`", lambda it: it.unreadable or None
        ),
    )


def milliseconds(entry: Any) -> int:
    return to_ticks(entry.at) // MILLISECOND


def user(path: str, prefix: str) -> tuple[Attribute, ...]:
    """Return the attributes of the user who acted: `actor_` or `user_` in the log."""
    id, label, name = (f"{prefix}_{part}" for part in ("id", "label", "name"))

    def named(entry: Any) -> Any:
        return getattr(entry, label) or getattr(entry, name)

    return (
        field(f"{path}.uid", id),
        Attribute(f"{path}.name", f"`{label}`, or else `{name}`", named),
        Attribute(
            f"{path}.email_addr",
            f"`{label}`, if it is an address",
            lambda it: address(getattr(it, label)),
        ),
        field(f"{path}.full_name", name),
        Attribute(f"{path}.programmatic_credentials", "`key_id`", credentials),
    )


def credentials(entry: Any) -> list[Json] | None:
    return [{"type": "API key", "uid": entry.key_id}] if entry.key_id else None


def address(text: Any) -> str | None:
    """Return an e-mail address; None for one that is hidden, or a program's name."""
    return text if isinstance(text, str) and "@" in text else None
