"""Rows of the access log, from the lines of a segment into the database.

Rows are many, so they go to the driver as they are: SQLAlchemy would take as long to
prepare them as SQLite takes to store them.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from app.audit.access.access_row import Row
from app.audit.models import AuditAccess
from app.core.db.database import Database
from app.core.db.upsert import INSERTS

Values = tuple[Any, ...]

logger = structlog.get_logger()


class AccessRepository:
    """Adds rows to the log; it only ever adds."""

    def __init__(self, database: Database) -> None:
        self.database = database
        dialect = database.engine.dialect
        self.keeps_text = dialect.name == "sqlite"
        insert = INSERTS[dialect.name](AuditAccess)
        skip_known = insert.on_conflict_do_nothing(index_elements=["id"])
        compiled = skip_known.compile(dialect=dialect)
        self.statement = str(compiled)
        self.columns: list[str] = compiled.positiontup

    async def insert(self, rows: list[Values]) -> None:
        """Add rows in a transaction of their own; those that are there are skipped."""
        async with self.database.writing() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(self.statement, rows)

    def values(self, row: Row) -> Values:
        """Return what the driver takes: a row's texts, but for PostgreSQL's times."""
        if not self.keeps_text:
            at = datetime.fromisoformat(row["at"])
            row = row | {"at": at.replace(tzinfo=UTC)}
        return tuple([row[name] for name in self.columns])

    def read(self, segment: Iterable[bytes]) -> Iterator[Values]:
        """Yield a segment's rows. A line that its process left torn is skipped."""
        torn = 0
        for line in segment:
            try:
                yield self.values(orjson.loads(line))
            except (ValueError, KeyError, TypeError):
                torn += 1
        if torn:
            logger.error("access_lines_torn", lines=torn)
