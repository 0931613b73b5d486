"""Past values of personal columns, which the database has in the log encrypted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Text

from app.core.db.derived.columns import DERIVATION, Derivation
from app.core.models import Entity


@dataclass(frozen=True)
class RecordedText(Derivation):
    """A recorded column, read like one that is derived: outside of the database."""

    def value(self, row: Mapping[str, Any]) -> str | None:
        text: str | None = row[self.name]
        return text

    def column(self) -> Column[str | None]:
        return Column(self.name, Text())


def derivation_of(column: Any) -> Derivation:
    found: Derivation | None = column.info.get(DERIVATION)
    return found or RecordedText(column.key, (column.key,))


def is_read_outside(column: Any, model: type[Entity], keys: str) -> bool:
    """Return whether the database itself can't compute the past of the column."""
    is_encrypted = column.key in model.personal and keys
    return DERIVATION in column.info or bool(is_encrypted)
