"""Changes as the feed sends them: serialized once, for all of its streams."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.audit.archive.canonical import Row
from app.audit.archive.seals.batch import position_of
from app.audit.archive.seals.cursor import Position
from app.audit.schemas import ChangeRead
from app.audit.shown.rows import shown_row
from app.audit.visibility import without_addresses


@dataclass(slots=True)
class Event:
    """An event of a stream; `encoded` is what is sent, after the first time."""

    name: str
    cursor: str
    data: str
    encoded: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: what streams filter by, and its JSON with and without addresses.

    `rendered` has the events of it that were sent, by format and whether with
    addresses: see `change_event`.
    """

    position: Position
    action: str
    entity: str
    entity_id: UUID | None
    actor_id: UUID | None
    complete: str
    without_addresses: str
    rendered: dict[tuple[str, bool], Event] = field(default_factory=dict)

    def has(self, filters: dict[str, Any]) -> bool:
        return all(getattr(self, name) == value for name, value in filters.items())

    @property
    def size(self) -> int:
        return len(self.complete) + len(self.without_addresses)


def make_entry(row: Row) -> Entry:
    key = row["action"], row["entity"], row["entity_id"], row["actor_id"]
    return Entry(position_of(row), *key, dump(row), dump(without_addresses(row)))


def make_entries(rows: list[Row]) -> list[Entry]:
    return [make_entry(row) for row in rows]


def dump(row: Row) -> str:
    return shown_row(ChangeRead, row).model_dump_json()
