"""Reading of long histories in pages, so that other requests run in between."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Sequence,
)
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select

from app.audit.history.changes import is_odd, read_changes
from app.audit.repository import CHANGES
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Query
from app.core.db.session import DatabaseSession

PAGE_ROWS = 200
RECORD, VERSION = CHANGES.c.entity_id, CHANGES.c.version
Page = Sequence[Row]
Reading = Callable[[DatabaseSession, Query], Awaitable[Page]]


class HistoryPages:
    """Pages of some of the changes, by record, the newest of each first.

    `read` is how a page is read: by default, so that no odd value is in it.
    """

    def __init__(
        self,
        session: DatabaseSession,
        changes: Select[Any],
        read: Reading = read_changes,
    ) -> None:
        self.session, self.read_page = session, read
        self.ordered = changes.order_by(RECORD, VERSION.desc()).limit(PAGE_ROWS)

    async def read(self, ids: Collection[UUID]) -> AsyncIterator[Row]:
        """Yield the changes of these records. Short ones take one statement in all."""
        left = sorted(ids)
        while left:
            page = await self.page(RECORD.in_(left))
            left = left if is_full(page) else []
            while page:
                for row in page:
                    yield row
                page = await self.rest_of_record(page)
            left = [id for id in left if id > row["entity_id"]]

    async def rest_of_record(self, page: Page) -> Page:
        """Return the next page of the record that a page ended with."""
        if not is_full(page):
            return []
        await asyncio.sleep(0)  # SQLite answers without giving up control
        last = page[-1]
        if is_odd("version", last["version"]):
            return []  # it has no place among the versions
        same = last["entity_id"] == RECORD
        return await self.page(same, last["version"] > VERSION)

    async def page(self, *where: ColumnElement[bool]) -> Page:
        return await self.read_page(self.session, self.ordered.where(*where))


def is_full(page: Page) -> bool:
    return len(page) == PAGE_ROWS
