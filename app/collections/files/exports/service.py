"""Export of a list: batches of records, written as parts of a file."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

import structlog

from app.audit.history.collection.past_batches import PastBatches
from app.collections.files.exports.names import NameColumns
from app.collections.files.exports.queries import ExportQuery, list_query
from app.collections.files.exports.repository import Batches, Reading, batches_of
from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.rendering import (
    RENDER,
    WRITE,
    Values,
    write_header,
)
from app.collections.files.services import Service
from app.core.context import current_context
from app.core.db.replica.reads import read_like
from app.core.db.session import DatabaseSession
from app.core.exceptions import ValidationFailedException
from app.core.web.collections.resource import Resource

logger = structlog.get_logger()

Check = Callable[[DatabaseSession], Awaitable[Any]]
# Each batch would sort the whole past.
UNSORTED = {
    "loc": ("query", "as_of"),
    "type": "past",
    "msg": "Cannot be combined with sort: an export of the past is in the order of ids",
}


@dataclass(frozen=True)
class Exporter:
    """Exporter of a list. Between two parts of a file no connection is in use.

    `check` raises if the user may no longer read the records; it is called before each
    further batch is read.
    """

    resource: Resource
    service: Service
    reading: Reading
    check: Check
    names: NameColumns

    async def export(self, query: ExportQuery) -> AsyncGenerator[bytes]:
        """Yield the parts of the file.

        The first one is empty: most errors are raised before it.
        """
        with TemporaryFile() as ids:
            batches, write = self.batches(query, ids), WRITE[query.format]
            # In the session of the request, which has a connection already.
            first = self.service.repository.session
            rows = await self.rows(first, batches, query)
            yield b""
            # The access log has a row at the end, and none if the process is killed.
            logger.info("export_started", collection=self.resource.plural)
            count = current_context().exported_rows = 0
            if query.format is FileFormat.CSV:
                yield write_header(self.columns(query))
            while rows:
                current_context().exported_rows = count = count + len(rows)
                yield write(rows, self.columns(query))
                async with self.reading() as session:
                    await self.check(session)
                    read_like(session, first)
                    rows = await self.rows(session, batches, query)

    def batches(self, query: ExportQuery, ids: IO[bytes]) -> Batches:
        listed = list_query(self.resource, query)
        if query.as_of is None:
            return batches_of(self.service, listed, ids)
        if listed.sort:
            raise ValidationFailedException([UNSORTED])
        return PastBatches(self.service.repository, listed, query.as_of)

    async def rows(
        self, session: DatabaseSession, batches: Batches, query: ExportQuery
    ) -> list[Values]:
        """Return the next records as rows of the file."""
        render, validate = RENDER[query.format], self.resource.read.model_validate
        items = [validate(record) for record in await batches.read(session)]
        await asyncio.sleep(0)  # rendering them takes as long as reading them
        if query.as_of or not self.names.relations:
            return [render(item) for item in items]
        names = await self.names.read(session, items)
        return [render(item, **named) for item, named in zip(items, names, strict=True)]

    def columns(self, query: ExportQuery) -> list[str]:
        """Return the columns. The names of the past are not known."""
        named = () if query.as_of else self.names.columns
        return [*self.resource.read.shown(), *named]
