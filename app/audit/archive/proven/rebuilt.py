"""Proven seals whose leaves are all read: those of emptied seals from files."""

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.cold.file_leaves import FileLeaves
from app.audit.archive.cold.files import RecordedFiles
from app.audit.archive.cold.pieces import join_pieces
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.proven.faults import SealFault
from app.audit.archive.proven.seals import ProvenSeals
from app.audit.archive.tree.paths import LeafRange
from app.core.db.session import DatabaseSession

MISSING = SealFault("its leaves are neither in the database nor in files")


class RebuiltSeals(ProvenSeals):
    """Proven seals for a run: a row must not pass as one that was never sealed.

    Files that were deleted by law matter only to rows whose leaf they may have had.
    """

    def __init__(self, context: ArchiveContext, log: Log) -> None:
        super().__init__(context, log)
        self.kept: dict[str, FileLeaves] = {}

    async def find_emptied_fault(
        self, session: DatabaseSession, seal: AuditSeal
    ) -> SealFault | None:
        run = LeafRange(seal.start or 0, seal.size or 0)
        files = RecordedFiles(session, self.context, self.log, self.kept)
        archived = await files.read_range(*run)
        packed = join_pieces(archived.read(*run), run)
        if not packed:
            if not await files.has_deleted(*run):
                return MISSING
            self.lost[seal.number] = MISSING.detail
            return await super().find_emptied_fault(session, seal)
        session.expunge(seal)  # leaves are read here, and never written
        seal.leaves = packed
        return await self.find_leaf_fault(session, seal)
