"""One request for an import: who may make it, and in which transactions it is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.auth.permissions.principal import Principal
from app.collections.files.imports.exceptions import ImportFailedException
from app.collections.files.imports.planning.target import Target
from app.collections.files.imports.received import ReceivedFile
from app.collections.files.imports.schemas import ImportQuery, ImportReport
from app.collections.files.imports.service import ImportService
from app.collections.files.imports.transactions import trying, writing
from app.collections.files.services import Service, reading_batch
from app.core.context import current_context
from app.core.db.database import Database
from app.core.db.session import DatabaseSession
from app.core.exceptions import ValidationFailedException
from app.core.web.collections.resource import Resource

REASON = "import"  # recorded with each change


@dataclass(frozen=True)
class Importer:
    resource: Resource
    service: Service
    user: Principal
    file: ReceivedFile
    database: Database

    async def run(self, query: ImportQuery) -> ImportReport:
        """Return what was done, or would be done; the caller ends the transaction.

        Raises:
            ImportFailedException: a row is wrong, and no row may be written.
        """
        current_context().reason = REASON
        imports = ImportService(self.target(query), self.file, self.service)
        checked = await imports.validate(self.reading, atomic=query.atomic)
        if checked.errors:
            return refuse(checked, query)
        write = self.write if query.atomic else self.write_batches
        report = await write(imports, query)
        report.ignored = checked.ignored
        return refuse(report, query) if report.errors and query.atomic else report

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[DatabaseSession]:
        """Open a session, or yield the request's own if that has a connection.

        If requests that hold one waited for another, they could wait for each other.
        """
        own = self.service.repository.session
        if own.in_transaction():
            yield own
            return
        async with reading_batch(self.database) as session:
            yield session

    def target(self, query: ImportQuery) -> Target:
        try:
            return Target.of(self.resource, query.key)
        except LookupError as error:
            wrong = {"loc": ("query", "key"), "type": "invalid_key", "msg": str(error)}
            raise ValidationFailedException([wrong]) from None

    async def write(self, imports: ImportService, _: ImportQuery) -> ImportReport:
        """Write in the transaction of the request."""
        return await imports.write()

    async def write_batches(
        self, imports: ImportService, query: ImportQuery
    ) -> ImportReport:
        committing = writing(self.database, self.user, self.resource.plural)
        opening = trying(self.database) if query.dry_run else committing
        return await imports.write_batches(opening)


def refuse(report: ImportReport, query: ImportQuery) -> ImportReport:
    """Return the report of a dry run, or raise it."""
    if query.dry_run:
        return report
    raise ImportFailedException(report)
