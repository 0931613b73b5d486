"""Export of a list: batches of records, written as parts of a file."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from app.audit.history.collection.past_batches import PastBatches
from app.collections.files.exports.queries import ExportQuery, list_query
from app.collections.files.exports.repository import (
    Batches,
    PresentRecords,
    Repository,
)
from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.rendering import (
    RENDER,
    write_csv,
    write_header,
    write_jsonl,
)
from app.core.context import current_context
from app.core.db.session import DatabaseSession
from app.core.exceptions import ValidationFailedException
from app.core.web.collections.resource import Resource

Reading = Callable[[], AbstractAsyncContextManager[DatabaseSession]]
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
    repository: Repository
    reading: Reading
    check: Check

    async def export(self, query: ExportQuery) -> AsyncIterator[bytes]:
        """Return the parts of the file.

        The first batch is read at once, so that most errors still have their status.
        """
        batches = self.batches(query)
        first = await batches.read(self.repository.session)
        return self.parts(first, batches, query.format)

    def batches(self, query: ExportQuery) -> Batches:
        listed = list_query(self.resource, query)
        if query.as_of is None:
            return PresentRecords(self.repository, listed)
        if listed.sort:
            raise ValidationFailedException([UNSORTED])
        return PastBatches(self.repository, listed, query.as_of)

    async def parts(
        self, records: list[Any], batches: Batches, kind: FileFormat
    ) -> AsyncIterator[bytes]:
        current_context().exported_rows = 0
        if kind is FileFormat.CSV:
            yield write_header(self.columns)
        while records:
            yield self.write(records, kind)
            async with self.reading() as session:
                await self.check(session)
                records = await batches.read(session)

    def write(self, records: list[Any], kind: FileFormat) -> bytes:
        render, validate = RENDER[kind], self.resource.read.model_validate
        rows = [render(validate(record)) for record in records]
        context = current_context()
        context.exported_rows = (context.exported_rows or 0) + len(rows)
        if kind is FileFormat.CSV:
            return write_csv(rows, self.columns)
        return write_jsonl(rows)

    @property
    def columns(self) -> list[str]:
        return [*self.resource.read.model_fields]
