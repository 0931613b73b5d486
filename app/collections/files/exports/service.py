"""Export of a list: batches of records, written as parts of a file."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

import structlog

from app.audit.history.collection.past_batches import PastBatches
from app.collections.files.exports.queries import ExportQuery, list_query
from app.collections.files.exports.repository import Batches, Reading, batches_of
from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.rendering import (
    RENDER,
    write_csv,
    write_header,
    write_jsonl,
)
from app.collections.files.services import Service
from app.core.context import current_context
from app.core.db.replica.reads import read_stale, stale_source
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

    async def export(self, query: ExportQuery) -> AsyncGenerator[bytes]:
        """Yield the parts of the file.

        The first one is empty: most errors are raised before it.
        """
        with TemporaryFile() as ids:
            batches = self.batches(query, ids)
            # In the session of the request, which has a connection already.
            first = self.service.repository.session
            records = await batches.read(first)
            replica = stale_source(first)
            yield b""
            # The access log has a row at the end, and none if the process is killed.
            logger.info("export_started", collection=self.resource.plural)
            current_context().exported_rows = 0
            if query.format is FileFormat.CSV:
                yield write_header(self.columns)
            while records:
                yield self.write(records, query.format)
                async with self.reading() as session:
                    await self.check(session)
                    if replica:
                        read_stale(session, replica)
                    records = await batches.read(session)

    def batches(self, query: ExportQuery, ids: IO[bytes]) -> Batches:
        listed = list_query(self.resource, query)
        if query.as_of is None:
            return batches_of(self.service, listed, ids)
        if listed.sort:
            raise ValidationFailedException([UNSORTED])
        return PastBatches(self.service.repository, listed, query.as_of)

    def write(self, records: Sequence[Any], kind: FileFormat) -> bytes:
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
