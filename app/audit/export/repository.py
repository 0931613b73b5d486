"""Rows of a log in the settled order, for an export that can be resumed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select

from app.audit.archive.canonical import Row, RowKey
from app.audit.archive.logs import ACCESSES, Log
from app.audit.archive.rows.reading import has_key, read_encrypted
from app.audit.archive.seals.cursor import Position
from app.audit.archive.seals.order import OrderRepository
from app.audit.id_bounds import MARGIN
from app.audit.stored_values import AsStored
from app.core.db.ids import lowest_id
from app.core.db.session import DatabaseSession
from app.core.db.sqlite.spelling import IsInteger, IsUuid

Span = tuple[datetime | None, datetime | None]
Conditions = tuple[ColumnElement[bool], ...]
MAX_UNORDERED = 1_000


class ExportRepository(OrderRepository):
    """The rows at or after the first time of the span, and before the second one."""

    def __init__(self, session: DatabaseSession, log: Log, span: Span) -> None:
        super().__init__(session, log)
        self.span = (*self.between(*span),)

    def between(self, since: datetime | None, until: datetime | None) -> Any:
        # The partitions of accesses are months of the id.
        has_partitions = self.log is ACCESSES and (
            self.session.dialect.name == "postgresql"
        )
        if since:
            yield self.row.at >= since
            if has_partitions:
                yield self.row.id >= lowest_id(since, -MARGIN)
        if until:
            yield self.row.at < until
            if has_partitions:
                yield self.row.id < lowest_id(until, MARGIN)

    def after(self, position: Position) -> Conditions:
        return (*super().after(position), *self.span)

    def unnumbered_after(self, key: RowKey) -> Conditions:
        return (*super().unnumbered_after(key), *self.span)

    async def read_unordered(self) -> list[Row]:
        """Return rows that no cursor can name: their number, id or time is invalid.

        Only a write past the application leaves them.
        """
        number, table = self.row.transaction_id, self.log.live
        odd = and_(number.is_(None), not_(has_key(table)))
        # PostgreSQL's types allow no others, and it would read the whole log for them.
        if self.session.dialect.name == "sqlite":
            is_ordered = and_(IsInteger(number), IsUuid(self.row.id))
            odd = or_(odd, and_(number.is_not(None), not_(is_ordered)))
        query = select(table).where(odd, *self.span)
        return await read_encrypted(self.session, query.limit(MAX_UNORDERED))


def as_stored(row: Row) -> Row:
    """Return the row; a time that cannot be read is its bytes, as in `read_log`."""
    at = row["at"]
    return row | {"at": AsStored(at)} if isinstance(at, str) else row
