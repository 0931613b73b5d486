"""Leaves of the seals of one log: those of the database, or if emptied, of files."""

from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.cold.archived_leaves import ArchivedLeaves
from app.audit.archive.cold.file_leaves import FileLeaves
from app.audit.archive.cold.ownership import TreeFiles
from app.audit.archive.context import ArchiveContext
from app.audit.archive.logs import Log
from app.audit.archive.seals.leaves import LEAF_BYTES, unpack_digests
from app.audit.archive.verify.files import ArchivedFile
from app.audit.archive.verify.report import FindingKind, VerificationReport


class LeafVerifier:
    """Compare the leaves with the indexes in the manifests of the log's files."""

    def __init__(
        self, context: ArchiveContext, log: Log, report: VerificationReport
    ) -> None:
        self.context = context
        self.log = log
        self.report = report
        self.files = ArchivedLeaves(context.store)
        self.pruned = ArchivedLeaves(context.store, kept=self.files.kept)
        self.trusted = ArchivedLeaves(context.store, kept=self.files.kept)
        self.intact: set[str] = set()

    async def add_files(self, files: list[ArchivedFile]) -> None:
        async with self.context.database.reading() as session:
            own = TreeFiles(session, self.log)
            for file in files:
                if not file.adopted or await own.includes(file.manifest):
                    self.add_file(file)

    def add_file(self, file: ArchivedFile) -> None:
        self.files.add(file.manifest)
        if file.intact:
            self.intact.add(file.manifest.name)
        if not file.pruning:
            self.pruned.add(file.manifest)
        if not file.pruning and file.intact:
            self.trusted.add(file.manifest)

    def read(self, seal: AuditSeal) -> bytes:
        """Return the packed leaves of a seal, as far as they are there.

        Those of an emptied one are in files whose rows are pruned. A changed manifest
        may claim the leaves of other files.
        """
        if not seal.is_emptied:
            return seal.leaves
        start = seal.start or 0
        leaves: dict[int, bytes] = {}
        for files in (self.trusted, self.pruned):
            for piece in files.read(start, start + seal.count):
                for index, leaf in enumerate(piece.split(), piece.start):
                    leaves.setdefault(index, leaf)
        return b"".join(leaves[index] for index in sorted(leaves))

    def restore(self, seal: AuditSeal) -> None:
        """Restore the leaves of an emptied seal, if all are there."""
        packed = self.read(seal)
        if len(packed) == seal.count * LEAF_BYTES:
            seal.leaves = packed

    def report_missing(self, seal: AuditSeal) -> None:
        """Report an emptied seal whose leaves cannot be restored."""
        missing = seal.count - len(self.read(seal)) // LEAF_BYTES
        detail = f"{missing} of {seal.count} leaves are neither in the database nor in "
        self.report.add_finding(
            FindingKind.LEAVES_MISSING,
            seal.number,
            detail + "the files of pruned rows",
        )

    def compare(self, seal: AuditSeal) -> None:
        """Report a seal if an intact manifest gives other leaves to its places."""
        start = seal.start or 0
        hashes = dict(enumerate(unpack_digests(seal.leaves), start))
        for manifest in self.files.list_overlapping(start, start + len(hashes)):
            if manifest.name in self.intact:
                file = self.files.read_file(manifest)
                if not is_placed(file, start, hashes):
                    error = f"{manifest.path} has other leaves"
                    self.report.add_finding(
                        FindingKind.SEAL_CHANGED, seal.number, error
                    )
                    return


def is_placed(file: FileLeaves, start: int, hashes: dict[int, bytes]) -> bool:
    """Return whether the tree has the leaves of a file, and their neighbours, there."""
    for piece in file.slice(start, start + len(hashes)):
        for index, digest in enumerate(unpack_digests(piece.packed), piece.start):
            if hashes[index] != digest:
                return False
    shared = file.neighbours.keys() & hashes.keys()
    return all(file.neighbours[index] == hashes[index] for index in shared)
