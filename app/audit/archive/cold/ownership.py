"""Files whose indexes are those of this database's tree."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.checkpoints.repository import TreeRepository
from app.audit.archive.files.manifest import Manifest
from app.audit.archive.logs import Log
from app.audit.archive.tree.checkpoints import Checkpoint
from app.audit.archive.tree.exceptions import ProofException
from app.audit.archive.tree.notes import Note


class TreeFiles:
    """Compare files of another database with this tree by their checkpoints.

    A database that was restored from a backup may have sealed the rows of an adopted
    file at other places. It has not if its tree had the checkpoint in the manifest.
    """

    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.log = log
        self.tree = TreeRepository(session, log)

    async def includes(self, manifest: Manifest) -> bool:
        if manifest.leaves is None:
            return False
        end = max(run.end for run in manifest.leaves.list_runs())
        for note in manifest.checkpoints or ():
            checkpoint = parse(note)
            if checkpoint and checkpoint.origin.endswith(f"/{self.log.name}"):
                size, root = checkpoint.head
                seal = await self.tree.get_by_size(size)
                return size >= end and seal is not None and seal.root == root.hex()
        return False


def parse(note: str) -> Checkpoint | None:
    try:
        return Checkpoint.parse(Note.parse(note).text)
    except ProofException:
        return None
