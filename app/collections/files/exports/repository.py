"""Reading of a whole list in batches, each in a statement of its own."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Select, select

from app.auth.entity_pages import EntityPageRepository
from app.collections.files.exports.keyset import (
    Condition,
    Term,
    nulls_of,
    rows_after,
    terms_of,
)
from app.core.db.derived.columns import base_columns
from app.core.db.driver.compiled import Row
from app.core.db.filters import build_conditions
from app.core.db.search.conditions import find_words
from app.core.db.session import DatabaseSession
from app.core.pagination import PageQuery
from app.core.repository import BaseRepository

Repository = BaseRepository[Any]
# On SQLite such a batch takes less than the 5 ms for which the event loop may wait.
BATCH_ROWS = 500
# Of a list that is sorted: for each batch, all rows with the same value are sorted.
SORTED_ROWS = 2_000


class Batches(Protocol):
    """A source of records: the present ones, or those of a point in time."""

    async def read(self, session: DatabaseSession) -> list[Any]:
        """Return the next records; an empty list at the end."""


class PresentRecords:
    """The records of a list as they are when their batch is read."""

    def __init__(self, repository: Repository, query: PageQuery) -> None:
        self.kind = type(repository)
        self.table = repository.table
        self.terms = terms_of(self.table, query.sort)
        self.query = query
        self.size = SORTED_ROWS if query.sort else BATCH_ROWS
        self.filters: Sequence[Condition] | None = None
        self.next: Condition | None = None
        self.in_nulls = self.ended = False

    async def read(self, session: DatabaseSession) -> list[Any]:
        if self.filters is None:
            self.filters = await self.conditions(session)
        while not self.ended:
            rows = await session.rows(self.statement(self.filters))
            self.go_on(rows)
            if records := await self.load(session, rows):
                return records
        return []

    async def load(self, session: DatabaseSession, rows: list[Row]) -> list[Any]:
        repository = self.kind(session)
        if isinstance(repository, EntityPageRepository):
            return await repository.find_many([row["id"] for row in rows])
        return rows

    async def conditions(self, session: DatabaseSession) -> Sequence[Condition]:
        special = self.kind.conditions
        found = await find_words(session, self.table, self.query.q)
        return [*build_conditions(self.table, self.query, special), *found.page]

    def statement(self, filters: Sequence[Condition]) -> Select[Any]:
        where = [*filters] if self.next is None else [*filters, self.next]
        values = [it.column.label(it.label) for it in self.terms if it.label != "id"]
        columns = (*base_columns(self.table), *values)
        ordered = select(*columns).where(*where).order_by(*map(Term.order, self.terms))
        return ordered.limit(self.size)

    def go_on(self, rows: list[Row]) -> None:
        """Set the condition of the next batch, or end."""
        first = self.terms[0]
        if len(rows) == self.size:
            self.next = rows_after(self.terms, rows[-1])
            self.in_nulls = rows[-1][first.label] is None
        elif self.next is None or self.in_nulls or not first.nullable:
            self.ended = True
        else:
            self.next, self.in_nulls = nulls_of(self.terms), True
