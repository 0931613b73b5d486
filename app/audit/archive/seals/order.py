"""The settled order of a log, in which its rows are sealed.

Rows are ordered by the number of their transaction, then by id; `at` never matters.
On PostgreSQL a row is settled when every transaction with a lower number has ended.
Transactions that have written nothing have no number, and hold nothing up. On SQLite
every committed row is settled.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import col

from app.audit.archive.canonical import Row, RowKey
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.logs import MAX_ID, MIN_KEY, Log
from app.audit.archive.rows.reading import (
    has_key,
    read_rows,
    select_any_time,
    with_time,
)
from app.audit.archive.seals.cursor import HORIZON, START, Cursor, Horizon, Position
from app.audit.numbering import number_limit
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import IsInteger, IsTime, IsUuid

SAMPLE_ROWS = 1_000
UNLIMITED = 2**63 - 1


class OrderRepository:
    def __init__(self, session: DatabaseSession, log: Log) -> None:
        self.session = session
        self.log = log
        self.row = log.live.c

    async def get_horizon(self) -> Horizon:
        if self.session.dialect.name != "postgresql":
            return Horizon(number_limit(), number_limit())
        return Horizon(**(await self.session.rows(HORIZON))[0])

    async def get_end(self) -> int:
        """Return the number below which all rows are settled, and none will be added.

        Work that stops there ends, although the log grows meanwhile.
        """
        number, settled = self.row.transaction_id, (await self.get_horizon()).settled
        if self.session.dialect.name == "postgresql":
            return settled
        rows = select(number).where(number < settled, IsInteger(number))
        newest = rows.order_by(number.desc()).limit(1)
        return 1 + (await self.session.scalar(newest) or 0)

    async def get_cursor(self) -> Cursor:
        number, id = col(AuditSeal.transaction_id), col(AuditSeal.transaction_row_id)
        newest = await self.find_position(col(AuditSeal.number))
        if newest is None:
            return Cursor(await self.get_last_unnumbered())
        highest = await self.find_position(number, id) or newest
        is_foreign = newest.transaction_id >= (await self.get_horizon()).own
        return Cursor(position=START if is_foreign else newest, highest=highest)

    async def find_position(self, *order: Any) -> Position | None:
        """Return the position of the last seal that has one, in this order."""
        number, id = col(AuditSeal.transaction_id), col(AuditSeal.transaction_row_id)
        own = col(AuditSeal.log) == self.log.name, IsInteger(number), IsUuid(id)
        query: Any = select(number, id).where(*own)
        last = query.order_by(*(each.desc() for each in order)).limit(1)
        found = (await self.session.execute(last)).first()
        return Position(*found) if found else None

    def is_run(self) -> ColumnElement[bool]:
        """Match the seals in the log's tree: older seals do not count."""
        own = col(AuditSeal.log) == self.log.name
        return and_(own, col(AuditSeal.start).is_not(None))

    async def get_last_unnumbered(self) -> RowKey:
        """Return the last key of the seals of rows without a number, or MIN_KEY."""
        at, id = col(AuditSeal.last_at), col(AuditSeal.last_id)
        rows = self.is_run(), col(AuditSeal.count) > 0, IsTime(at), IsUuid(id)
        query = select(at, id).where(*rows).order_by(at.desc(), id.desc())
        row = (await self.session.execute(query.limit(1))).first()
        return (row.last_at, row.last_id) if row else MIN_KEY

    async def read_unnumbered(self, after: RowKey, limit: int) -> list[Row]:
        query = select(self.log.live).where(*self.unnumbered_after(after))
        ordered = query.order_by(self.row.at, self.row.id).limit(limit)
        return await read_rows(self.session, ordered)

    async def read_settled(
        self, after: Position, settled: int, limit: int
    ) -> list[Row]:
        number = self.row.transaction_id
        query = select_any_time(self.log.live).where(
            *self.after(after),
            number < settled,
            IsInteger(number),
            IsUuid(self.row.id),
        )
        ordered = query.order_by(number, self.row.id).limit(limit)
        return [*with_time(await read_rows(self.session, ordered))]

    async def read_foreign(self, limit: int) -> list[Row]:
        """Return rows of another server's transactions that it has not sealed."""
        return await self.read_settled(await self.last_own(), UNLIMITED, limit)

    async def count_foreign(self) -> int:
        beyond = self.after(await self.last_own())
        query = select(func.count()).select_from(self.log.live).where(*beyond)
        return await self.session.scalar(query) or 0

    async def last_own(self) -> Position:
        """Return the last position that is sealed, or else can be had here."""
        last = Position((await self.get_horizon()).own - 1, MAX_ID)
        return max((await self.get_cursor()).highest, last)

    async def count_unsealed(self) -> int:
        query = select(func.count()).select_from(self.log.live)
        unsealed = self.unsealed(await self.get_cursor())
        return await self.session.scalar(query.where(unsealed)) or 0

    async def get_oldest_unsealed(self) -> datetime | None:
        """Return the earliest time among the first rows that are not sealed."""
        unsealed = self.unsealed(await self.get_cursor())
        query = select(self.row.at).where(unsealed, IsTime(self.row.at))
        ordered = query.order_by(self.row.transaction_id, self.row.at)
        first = ordered.limit(SAMPLE_ROWS).subquery()
        oldest: datetime | None = await self.session.scalar(
            select(func.min(first.c.at))
        )
        return oldest

    def unsealed(self, cursor: Cursor) -> ColumnElement[bool]:
        numbered = self.row.transaction_id.is_not(None)
        if cursor.position is None:
            return or_(numbered, and_(*self.unnumbered_after(cursor.unnumbered)))
        return and_(*self.after(cursor.position))

    def after(self, position: Position) -> tuple[ColumnElement[bool], ...]:
        number, id = self.row.transaction_id, self.row.id
        last = position.transaction_id
        return number >= last, or_(number > last, id > position.row_id)

    def unnumbered_after(self, key: RowKey) -> tuple[ColumnElement[bool], ...]:
        at, id = self.row.at, self.row.id
        missing = and_(self.row.transaction_id.is_(None), has_key(self.log.live))
        return missing, at >= key[0], or_(at > key[0], id > key[1])
