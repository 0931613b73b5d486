"""Changes as the feed sends them: serialized once, for all of its streams."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from app.audit.archive.canonical import Row
from app.audit.archive.seals.batch import position_of
from app.audit.archive.seals.cursor import Position
from app.audit.schemas import ChangeRead
from app.audit.shown.rows import shown_row
from app.audit.visibility import without_addresses

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: what streams filter by, and its JSON with and without addresses."""

    position: Position
    action: str
    entity: str
    entity_id: UUID | None
    actor_id: UUID | None
    complete: str
    without_addresses: str

    def has(self, filters: dict[str, Any]) -> bool:
        return all(getattr(self, name) == value for name, value in filters.items())

    @property
    def size(self) -> int:
        return len(self.complete) + len(self.without_addresses)


def make_entry(row: Row) -> Entry | None:
    """Return the entry; None for a row of another program that cannot be shown."""
    try:
        key = row["action"], row["entity"], row["entity_id"], row["actor_id"]
        return Entry(position_of(row), *key, dump(row), dump(without_addresses(row)))
    except ValidationError:
        logger.warning("change_not_shown", id=str(row["id"]))
        return None


def make_entries(rows: list[Row]) -> list[Entry]:
    return [entry for row in rows if (entry := make_entry(row))]


def dump(row: Row) -> str:
    return shown_row(ChangeRead, row).model_dump_json()
