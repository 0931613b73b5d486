"""Inserts of access log rows.

Rows are passed to the driver directly: converting them in SQLAlchemy would take as long
as SQLite takes to store them.
"""

from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, select

from app.audit.access.access_row import LATER, Row
from app.audit.models import AuditAccess
from app.audit.numbering import NextAccessNumber
from app.audit.personal.users import hide_users
from app.core.db.database import Database
from app.core.db.personal.key_urls import key_url
from app.core.db.upsert import INSERTS

Values = tuple[Any, ...]
NUMBER = "transaction_id"  # the last column of the table
NEXT = select(NextAccessNumber())


class AccessRepository:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.stores_text = database.engine.dialect.name == "sqlite"
        self.statement, self.columns = compile_insert(database.engine.dialect)
        self.in_order = itemgetter(*self.columns)

    async def insert(self, rows: list[Values]) -> None:
        """Insert rows in their own transaction; skip those that exist.

        Raises:
            KeysUnavailableException: the keys of personal data can't be had.
        """
        rows = await self.with_users_hidden(rows)
        async with self.database.writing() as session:
            connection = await session.connection()
            if self.stores_text:
                number = await connection.scalar(NEXT)
                rows = [(*row, number) for row in rows]
            await connection.exec_driver_sql(self.statement, rows)

    async def with_users_hidden(self, rows: list[Values]) -> list[Values]:
        keys = key_url(self.database.engine.url)
        if not keys:
            return rows
        found = [dict(zip(self.columns, row, strict=True)) for row in rows]
        await hide_users(keys, found)
        return [tuple(row.values()) for row in found]

    def driver_values(self, row: Row) -> Values:
        """Return bound parameters; PostgreSQL requires the timestamp as a datetime."""
        if not self.stores_text:
            at = datetime.fromisoformat(row["at"])
            row = row | {"at": at.replace(tzinfo=UTC)}
        values: Values = self.in_order(LATER | row)
        return values


def compile_insert(dialect: Dialect) -> tuple[str, list[str]]:
    """Return the statement, and the columns in the order of its parameters."""
    insert = INSERTS[dialect.name](AuditAccess)
    insert_new = insert.on_conflict_do_nothing(index_elements=["id"])
    # PostgreSQL numbers the rows itself, without a parameter of the statement.
    names = [name for name in AuditAccess.model_fields if name != NUMBER]
    given = [*names, NUMBER] if dialect.name == "sqlite" else names
    compiled = insert_new.compile(dialect=dialect, column_keys=given)
    return str(compiled), [name for name in compiled.positiontup if name != NUMBER]
