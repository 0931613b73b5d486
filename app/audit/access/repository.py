"""Inserts of access log rows.

Rows are passed to the driver directly: converting them in SQLAlchemy would take as long
as SQLite takes to store them.
"""

from datetime import UTC, datetime
from typing import Any

from app.audit.access.access_row import Row
from app.audit.models import AuditAccess
from app.core.db.database import Database
from app.core.db.upsert import INSERTS

Values = tuple[Any, ...]


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
