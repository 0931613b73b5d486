"""Queries on the rows of a log: read in key order, count, delete by id."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    false,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import delete as delete_from

from app.audit.archive.canonical import Row
from app.audit.archive.holds import is_same_class, keep_holds
from app.audit.archive.logs import CHANGES, Log, LogRange, model_table
from app.audit.archive.models import AuditHold
from app.audit.archive.rows.reading import has_ids, has_key, read_rows
from app.audit.changes.tables import recorded
from app.audit.models import AuditPruning
from app.core.db.ids import uuid7
from app.core.db.json_text import dump_json
from app.core.db.session import DatabaseSession

PRUNING = model_table(AuditPruning)


class LogRepository:
    """Queries on the live rows, or on those of another table with their columns."""

    def __init__(
        self, session: DatabaseSession, log: Log, table: Table | None = None
    ) -> None:
        self.session = session
        self.log = log
        self.table = log.live if table is None else table

    async def read_page(self, log_range: LogRange, limit: int) -> list[Row]:
        """Return the first rows of the range, in key order."""
        query = select_range(self.table, log_range).limit(limit)
        return await read_rows(self.session, query)

    async def read_unheld_page(self, log_range: LogRange, limit: int) -> list[Row]:
        """Return the first rows of the range without a legal hold, in key order."""
        free = and_(~self.is_held(), has_ids(self.table))
        query = select_range(self.table, log_range).where(free).limit(limit)
        return await read_rows(self.session, query)

    async def read_by_ids(self, ids: Sequence[UUID]) -> list[Row]:
        query = select(self.table).where(self.has_id(ids), has_key(self.table))
        return await read_rows(self.session, query)

    def has_id(self, ids: Sequence[UUID]) -> ColumnElement[bool]:
        """Match rows by id, with one parameter: the SQL is compiled and planned once.

        A list of a thousand parameters takes longer than reading the rows.
        """
        id = self.table.c.id
        if self.session.dialect.name == "postgresql":
            return id == any_(bindparam("ids", ids, ARRAY(Uuid)))
        texts = func.json_each(dump_json([each.hex for each in ids]))
        return id.in_(select(texts.table_valued("value").c.value))

    async def first_at(self, log_range: LogRange) -> datetime | None:
        conditions = range_conditions(self.table, log_range)
        query = select(func.min(self.table.c.at)).where(*conditions)
        first: datetime | None = await self.session.scalar(query)
        return first

    async def count_all(self) -> int:
        query = select(func.count()).select_from(self.table)
        return await self.session.scalar(query) or 0

    async def count_rows(self, log_range: LogRange) -> int:
        query = select(func.count()).select_from(self.table)
        query = query.where(*range_conditions(self.table, log_range))
        return await self.session.scalar(query) or 0

    async def count_held_rows(self, log_range: LogRange) -> int:
        query = select(func.count()).select_from(self.table)
        query = query.where(*range_conditions(self.table, log_range), self.is_held())
        return await self.session.scalar(query) or 0

    def is_held(self) -> ColumnElement[bool]:
        """Match rows whose entity, or entity type, has an active legal hold."""
        if self.log is not CHANGES:
            return false()
        hold, row = model_table(AuditHold).c, self.table.c
        own = or_(hold.entity_id.is_(None), hold.entity_id == row.entity_id)
        kind = is_same_class(hold.entity, row.entity)
        active = and_(hold.released_at.is_(None), kind, own)
        return exists().where(active)

    async def delete_unheld_rows(self, ids: Sequence[UUID]) -> int:
        """Delete the rows with these ids, except those on legal hold; count the latter.

        Triggers reject a DELETE unless audit_pruning has a row; this transaction
        inserts one and removes it again.
        """
        permit = uuid7()
        if self.log is CHANGES:
            await keep_holds(self.session)
        await self.session.execute(insert(PRUNING).values(id=permit))
        chosen = self.has_id(ids)
        query = delete_from(self.table).where(chosen, ~self.is_held())
        options = recorded(self.table.name)
        deleted: Any = await self.session.execute(query, execution_options=options)
        own = delete_from(PRUNING).where(PRUNING.c.id == permit)
        await self.session.execute(own)
        if deleted.rowcount == len(ids):
            return 0
        held = select(func.count()).select_from(self.table).where(chosen)
        return await self.session.scalar(held) or 0


def select_range(table: Table, log_range: LogRange) -> Select[Any]:
    query = select(table).where(*range_conditions(table, log_range))
    return query.order_by(table.c.at, table.c.id)


def range_conditions(table: Table, log_range: LogRange) -> list[ColumnElement[bool]]:
    """Return the range as conditions that can use the index on `at`."""
    at, id = table.c.at, table.c.id
    return [
        at >= log_range.after[0],
        or_(at > log_range.after[0], id > log_range.after[1]),
        has_key(table),
        at <= log_range.until[0],
        or_(at < log_range.until[0], id <= log_range.until[1]),
    ]
