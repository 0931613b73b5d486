"""Changes that a past state is computed from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.audit.archive.rows.reading import read_values
from app.audit.history.exceptions import UnknownStateException
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Query
from app.core.db.json_text import InvalidJson
from app.core.db.session import DatabaseSession

KINDS: dict[str, type] = {
    "at": datetime,
    "entity_id": UUID,
    "version": int,
    "old": dict,
    "new": dict,
}


async def read_changes(session: DatabaseSession, query: Query) -> Sequence[Row]:
    """Return the rows of a query of the change log.

    Raises:
        UnknownStateException: a row has a value that the application has not written.
    """
    rows = await read_values(session, query)
    check_changes(rows)
    return rows


def check_changes(rows: Sequence[Row]) -> None:
    """Raise UnknownStateException if a row has an odd value."""
    for row in rows:
        if names := odd_names(row):
            raise UnknownStateException("The record", names)


def odd_names(row: Row) -> list[str]:
    """Return the columns whose value the application has not written."""
    return sorted(name for name in row.keys() & KINDS if is_odd(name, row[name]))


def is_odd(name: str, value: Any) -> bool:
    if value is None:
        return False
    return not isinstance(value, KINDS[name]) or isinstance(value, InvalidJson)
