"""Recorded files as sources of the leaves of a log's tree."""

from dataclasses import replace
from datetime import datetime

from app.audit.archive.cold.archived_leaves import ArchivedLeaves
from app.audit.archive.cold.file_leaves import FileLeaves
from app.audit.archive.cold.ownership import TreeFiles
from app.audit.archive.cold.repository import ColdRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.files.manifest import Manifest, read_manifest
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.models import AuditArchive, FileState
from app.core.db.session import DatabaseSession


class RecordedFiles:
    """Files of one log; `kept` has the leaves of those that were read last."""

    def __init__(
        self,
        session: DatabaseSession,
        context: ArchiveContext,
        log: Log,
        kept: dict[str, FileLeaves] | None = None,
    ) -> None:
        self.context = context
        self.log = log
        self.files = FileRepository(session)
        self.seals = ColdRepository(session, log)
        self.own = TreeFiles(session, log)
        self.kept = {} if kept is None else kept

    async def read_range(self, start: int, end: int) -> ArchivedLeaves:
        """Return the pruned files that may have any of the leaves [start, end)."""
        archived = ArchivedLeaves(self.context.store, kept=self.kept)
        first, last = await self.seals.get_times(start, end)
        for manifest in await self.list_between(first, last, FileState.PRUNED):
            archived.add(manifest)
        return archived

    async def has_deleted(self, start: int, end: int) -> bool:
        """Return whether a pruned file that may have had the leaves is wholly gone."""
        first, last = await self.seals.get_times(start, end)
        files = await self.files.list_between(self.log, first, last)
        pruned = [each for each in files if each.state == FileState.PRUNED]
        return not all(self.context.store.find_files(each.name) for each in pruned)

    async def list_between(
        self, first: datetime, last: datetime, state: FileState
    ) -> list[Manifest]:
        """Return the files in this state that may have rows of this time."""
        files = await self.files.list_between(self.log, first, last)
        found = [await self.read(file) for file in files if file.state == state]
        return [each for each in found if each]

    async def read(self, file: AuditArchive) -> Manifest | None:
        """Return the manifest of a file; None if it is not as it was recorded.

        It has no indexes if they are those of another database's tree.
        """
        try:
            signed = read_manifest(self.context.store, file.manifest_path)
        except (VerificationException, OSError):
            return None
        manifest, error = signed.manifest, signed.find_error(self.context.sealer.signer)
        if signed.hash != file.manifest or error:
            return None
        is_own = not file.adopted_at or await self.own.includes(manifest)
        return manifest if is_own else replace(manifest, leaves=None)
