"""Reading of a whole list in batches, each in a statement of its own."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import IO, Any, Protocol
from uuid import UUID

from sqlalchemy import Select, select

from app.collections.files.services import Service, service_in
from app.core.db.driver.compiled import Row
from app.core.db.filters import build_conditions, build_order
from app.core.db.search.conditions import find_words
from app.core.db.session import DatabaseSession
from app.core.pagination import PageQuery

Reading = Callable[[], AbstractAsyncContextManager[DatabaseSession]]
# On SQLite such a batch takes less than the 5 ms for which the event loop may wait.
BATCH_ROWS = 500
ID_BYTES = 16


class Batches(Protocol):
    """A source of records: the present ones, or those of a point in time."""

    async def read(self, session: DatabaseSession) -> Sequence[Any]:
        """Return the next records; none at the end."""


class Newest:
    """The records in the default order: pages of the list."""

    def __init__(self, service: Service, query: PageQuery) -> None:
        whole = {"limit": BATCH_ROWS, "count": False}
        self.service, self.query = service, query.model_copy(update=whole)

    async def read(self, session: DatabaseSession) -> Sequence[Any]:
        items = (await service_in(session, self.service).page(self.query)).items
        if items:
            after = {"after": id_of(items[-1])}
            self.query = self.query.model_copy(update=after)
        return items


class Sorted:
    """The records in another order, or of a search: all their ids are read first.

    No index need have that order. A statement for each batch would sort all records
    that follow, or all that have one value.
    """

    def __init__(self, service: Service, query: PageQuery, ids: IO[bytes]) -> None:
        self.service, self.query, self.ids = service, query, ids
        self.is_sorted = False

    async def read(self, session: DatabaseSession) -> Sequence[Any]:
        if not self.is_sorted:
            await self.sort(session)
        while packed := self.ids.read(BATCH_ROWS * ID_BYTES):
            starts = range(0, len(packed), ID_BYTES)
            ids = [UUID(bytes=packed[it : it + ID_BYTES]) for it in starts]
            if records := await service_in(session, self.service).find_many(ids):
                return records
        return []

    async def sort(self, session: DatabaseSession) -> None:
        self.is_sorted = True
        await session.each_part(await self.statement(session), self.keep)
        self.ids.seek(0)

    def keep(self, rows: Sequence[Row]) -> None:
        self.ids.write(b"".join(row["id"].bytes for row in rows))

    async def statement(self, session: DatabaseSession) -> Select[Any]:
        repository, query = self.service.repository, self.query
        table = repository.table
        conditions = build_conditions(table, query, repository.conditions)
        found = await find_words(session, table, query.q)
        ordered = select(table.c.id).order_by(*build_order(table, query.sort))
        return ordered.where(*conditions, *found.total, *repository.visible())


def id_of(record: Any) -> UUID:
    id: UUID = record["id"] if isinstance(record, dict) else record.id
    return id


def batches_of(service: Service, query: PageQuery, ids: IO[bytes]) -> Batches:
    """Return the batches of a list. `ids` is an empty file for sorted ones."""
    if query.sort or query.q:
        return Sorted(service, query, ids)
    return Newest(service, query)
