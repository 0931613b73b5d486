"""Queries on rows that are in no range of a log: their time or id cannot be read."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import JSON, Table, and_, exists, or_, select

from app.audit.archive.canonical import Row
from app.audit.archive.rows.reading import (
    has_ids,
    has_key,
    read_rows,
    select_any_time,
    with_time,
)
from app.core.clock import now
from app.core.db.columns import is_null_document
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import IsInteger, IsTime, IsUuid

DAY = timedelta(days=1)
YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)


class OddRowRepository:
    def __init__(self, session: DatabaseSession, table: Table) -> None:
        self.session = session
        self.table = table

    async def read_without_time(self, after: UUID, limit: int) -> list[Row]:
        """Return the first rows by id whose time cannot be read. They are sealed."""
        at, id = self.table.c.at, self.table.c.id
        query = select_any_time(self.table).where(~IsTime(at), IsUuid(id), id > after)
        rows = await read_rows(self.session, query.order_by(id).limit(limit))
        return [*with_time(rows)]

    async def have_unarchivable(self, before: datetime) -> bool:
        """Return whether a run up to this time leaves a row because of a value of it.

        A time that cannot be read has any place in the order: below, between or above
        the others on SQLite, only at the ends on PostgreSQL. The index finds these.
        """
        at, is_sqlite = (
            self.table.c.at,
            self.session.dialect.name == "sqlite",
        )
        passed = or_(at < (before if is_sqlite else YEAR_1), at > now() + DAY)
        odd = or_(~has_key(self.table), ~has_ids(self.table))
        return bool(await self.session.scalar(select(exists().where(passed, odd))))

    async def have_unsealable(self) -> bool:
        """Return whether any row has an id, number or document that no row can have."""
        id, number = self.table.c.id, self.table.c.transaction_id
        documents = (c for c in self.table.c if isinstance(c.type, JSON))
        nulls = (is_null_document(c, c.type) for c in documents)
        odd = or_(~IsUuid(id), and_(number.is_not(None), ~IsInteger(number)), *nulls)
        return bool(await self.session.scalar(select(exists().where(odd))))
