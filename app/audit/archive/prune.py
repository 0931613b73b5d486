"""Deleting what a verified file holds: exactly that, in short transactions."""

import asyncio
import time

from app.audit.archive.checks import batches, id_of
from app.audit.archive.file_repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.manifest import Manifest
from app.audit.archive.models import AuditArchive, State
from app.audit.archive.records import add_record
from app.audit.archive.repository import LogRepository
from app.audit.archive.tools import Tools

# On SQLite nobody else writes while a batch goes. For as long as it took, they may.
SHORTEST_PAUSE = 0.01


class Pruner:
    def __init__(self, tools: Tools, log: Log) -> None:
        self.tools = tools
        self.log = log

    async def prune(self, file: AuditArchive, manifest: Manifest) -> None:
        lines = self.tools.store.lines(manifest.file)
        for batch in batches(lines, self.tools.batch_size):
            await self.delete(batch)
            self.tools.progress.step("deleted", file.name)
            self.tools.progress.rows(len(batch))
        async with self.tools.database.writing() as session:
            file.state = State.PRUNED
            await FileRepository(session).save(file)
            told = {"file": manifest.file, "rows": manifest.count}
            await add_record(session, self.log.live.name, "archived", told)
        self.tools.progress.step("pruned", file.name)

    async def delete(self, lines: list[bytes]) -> None:
        ids = [id_of(line) for line in lines]
        began = time.monotonic()
        async with self.tools.database.writing() as session:
            await LogRepository(session, self.log).delete(ids)
        await asyncio.sleep(max(time.monotonic() - began, SHORTEST_PAUSE))
