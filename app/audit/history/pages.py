"""Reading of long histories in pages, so that other requests run in between."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select

from app.audit.history.changes import read_changes
from app.audit.repository import CHANGES
from app.core.db.driver.compiled import Row
from app.core.db.session import DatabaseSession

PAGE_ROWS = 200
RECORD, VERSION = CHANGES.c.entity_id, CHANGES.c.version
Page = Sequence[Row]


class HistoryPages:
    """Pages of some of the changes, by record, the newest of each first."""

    def __init__(self, session: DatabaseSession, changes: Select[Any]) -> None:
        self.session = session
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
        same = last["entity_id"] == RECORD
        return await self.page(same, last["version"] > VERSION)

    async def page(self, *where: ColumnElement[bool]) -> Page:
        return await read_changes(self.session, self.ordered.where(*where))


def is_full(page: Page) -> bool:
    return len(page) == PAGE_ROWS
