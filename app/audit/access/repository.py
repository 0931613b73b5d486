"""Inserts of access log rows, read from the JSON lines of a segment.

Rows are passed to the driver directly: converting them in SQLAlchemy would take as long
as SQLite takes to store them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from app.audit.access.access_row import Row
from app.audit.models import AuditAccess
from app.core.db.database import Database
from app.core.db.upsert import INSERTS

INTEGER_BITS = 63  # without the sign
Values = tuple[Any, ...]
ParsedLine = tuple[bytes, Values]  # a line of a segment, and its row


class AccessRepository:
    def __init__(self, database: Database) -> None:
        self.database = database
        dialect = database.engine.dialect
        self.stores_text = dialect.name == "sqlite"
        insert = INSERTS[dialect.name](AuditAccess)
        insert_new = insert.on_conflict_do_nothing(index_elements=["id"])
        compiled = insert_new.compile(dialect=dialect)
        self.statement = str(compiled)
        self.columns: list[str] = compiled.positiontup

    async def insert(self, rows: list[Values]) -> None:
        """Insert rows in their own transaction; skip those that exist."""
        async with self.database.writing() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(self.statement, rows)

    def driver_values(self, row: Row) -> Values:
        """Return bound parameters; PostgreSQL requires the timestamp as a datetime."""
        if not self.stores_text:
            at = datetime.fromisoformat(row["at"])
            row = row | {"at": at.replace(tzinfo=UTC)}
        return tuple([row[name] for name in self.columns])

    def parse_lines(
        self, lines: Iterable[bytes]
    ) -> tuple[list[ParsedLine], list[bytes]]:
        """Return the rows, each with its line, and the lines that are no rows.

        A process that is killed can leave an incomplete last line.
        """
        rows: list[ParsedLine] = []
        torn = []
        for line in lines:
            try:
                rows.append((line, self.driver_values(parse_line(line))))
            except (ValueError, KeyError, TypeError, AttributeError):
                torn.append(line)
        return rows, torn


def parse_line(line: bytes) -> Row:
    """Return the row of a line.

    Raises:
        ValueError: it is not JSON, or has a value that a driver cannot bind.
    """
    row: Row = orjson.loads(line)
    for value in row.values():
        if isinstance(value, list | dict):
            raise ValueError("not a scalar")
        if isinstance(value, int) and value.bit_length() > INTEGER_BITS:
            raise ValueError("not an integer of 64 bits")
    return row
