"""Import of a file: validated whole, then written, all of it or batch by batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from app.collections.files.formats.errors import BrokenFileError, RowError, RowFault
from app.collections.files.formats.media import FileFormat
from app.collections.files.formats.reading import FileRow
from app.collections.files.imports.applying import apply
from app.collections.files.imports.exceptions import (
    MAX_ATOMIC_ROWS,
    TooManyRowsException,
)
from app.collections.files.imports.planning.planner import Planner
from app.collections.files.imports.planning.steps import UNKNOWN, Plan
from app.collections.files.imports.planning.target import Target
from app.collections.files.imports.received import ReceivedFile
from app.collections.files.imports.schemas import ImportReport
from app.collections.files.imports.transactions import Opening
from app.collections.files.services import Service, service_in

NO_KEY = "With atomic=false, new records need key=, so that the import can be repeated"


class ImportService:
    def __init__(self, target: Target, file: ReceivedFile, service: Service) -> None:
        self.target, self.file, self.service = target, file, service
        self.idle: set[int] = set()  # batches that change nothing

    def planner(self) -> Planner:
        return Planner(self.target, self.file.format)

    async def validate(self, reading: Opening, *, atomic: bool) -> ImportReport:
        """Return a report of what rows would do, as far as is known; write nothing.

        Raises:
            TooManyRowsException: the file has more than an atomic import may have.
        """
        report, planner, count = ImportReport(), self.planner(), 0
        ignored: set[str] = set()
        try:
            async for place, rows in self.batches():
                if (count := count + len(rows)) > MAX_ATOMIC_ROWS and atomic:
                    raise TooManyRowsException
                ignored.update(*(self.target.ignored(row.values) for row in rows))
                if count == len(rows) and (unknown := self.unknown_columns(rows[0])):
                    report.add_errors(unknown)
                    break
                async with reading() as session:
                    service = service_in(session, self.service)
                    plan = await planner.plan(service.repository, rows)
                self.review(place, plan, report, atomic=atomic)
            report.add_errors([] if count else self.unknown_header())
        except BrokenFileError as error:
            report.add_errors([error.error])
        report.ignored = sorted(ignored)
        return report

    def unknown_columns(self, row: FileRow) -> list[RowError]:
        """Return an error for each unknown column of a CSV file, once."""
        if self.file.format is not FileFormat.CSV:
            return []
        names = self.target.unknown(row.values)
        return RowFault((it[:63], "unknown_column", UNKNOWN) for it in names).of_row(1)

    def unknown_header(self) -> list[RowError]:
        """Return the errors of the columns of a file that has no rows."""
        is_csv = self.file.format is FileFormat.CSV
        return self.unknown_columns(FileRow(1, self.file.header())) if is_csv else []

    def review(
        self, place: int, plan: Plan, report: ImportReport, *, atomic: bool
    ) -> None:
        if not atomic and not self.target.key:
            for step in [each for each in plan.steps if each.id is None]:
                plan.refuse(step, RowFault([(None, "key_required", NO_KEY)]))
        if not plan.steps:
            self.idle.add(place)
        created = sum(step.id is None for step in plan.steps)
        report.created += created
        report.updated += len(plan.steps) - created
        report.unchanged += plan.unchanged
        report.add_errors(plan.sorted_errors())

    async def write(self) -> ImportReport:
        """Write all rows in the transaction of the request.

        By one plan: all records are locked in the same order as by others, and a
        deadlock undoes all of it.
        """
        whole, planner = Plan(), self.planner()
        service = service_in(self.service.repository.session, self.service)
        async for place, rows in self.batches():
            if place in self.idle:
                whole.unchanged += len(rows)
            else:
                whole.extend(await planner.plan(service.repository, rows))
        return await apply(whole, service)

    async def write_batches(self, writing: Opening) -> ImportReport:
        """Write each batch in a transaction of its own, without its wrong rows."""
        report = ImportReport()
        async for place, rows in self.batches():
            if place in self.idle:
                report.unchanged += len(rows)
            else:
                report.add(await self.write_batch(writing, rows))
        return report

    async def write_batch(
        self, writing: Opening, rows: Sequence[FileRow]
    ) -> ImportReport:
        async with writing() as session:
            service = service_in(session, self.service)
            plan = await self.planner().plan(service.repository, rows)
            return await apply(plan, service)

    async def batches(self) -> AsyncIterator[tuple[int, list[FileRow]]]:
        for place, rows in enumerate(self.file.batches()):
            if rows:
                yield place, rows
            await asyncio.sleep(0)  # other requests take their turn
