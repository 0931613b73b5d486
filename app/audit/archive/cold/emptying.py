"""Emptying of seals whose leaves can be made from archive files again.

A proof of a live row needs the other leaves of its tile. So the leaves of a seal stay
until all rows of the tiles that it touches are pruned.
"""

from collections.abc import Iterator, Sequence

from app.audit.archive.batching import BatchWriter
from app.audit.archive.checkpoints.models import AuditSeal
from app.audit.archive.cold.archived_leaves import ArchivedLeaves
from app.audit.archive.cold.file_leaves import FileLeaves
from app.audit.archive.cold.files import RecordedFiles
from app.audit.archive.cold.pieces import join_pieces
from app.audit.archive.cold.repository import ColdRepository
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log
from app.audit.archive.tree.paths import LeafRange
from app.audit.archive.tree.tiles import WIDTH

PAGE_SEALS = 50


class SealEmptier:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log
        self.kept: dict[str, FileLeaves] = {}
        self.writer = BatchWriter(context.database, context.batch_size)
        self.head = self.size = 0

    async def empty(self) -> None:
        """Empty all seals that the files of pruned rows can replace. Idempotent."""
        after = -1
        async with self.context.database.reading() as session:
            until = await FileRepository(session).get_last_pruned(self.log)
            self.head, self.size = await ColdRepository(session, self.log).get_tree()
        while until:
            async with self.context.database.reading() as session:
                seals = ColdRepository(session, self.log)
                page = await seals.list_stored(after, until, PAGE_SEALS)
            if not page:
                return
            await self.empty_page(page)
            after = page[-1].start or 0
            self.context.progress.check_time_limit()

    async def empty_page(self, seals: Sequence[AuditSeal]) -> None:
        tiles = [self.touched_tiles(seal) for seal in seals]
        async with self.context.database.reading() as session:
            files = RecordedFiles(session, self.context, self.log, self.kept)
            archived = await files.read_range(tiles[0].start, tiles[-1].end)
        covered = [
            seal
            for seal, touched in zip(seals, tiles, strict=True)
            if touched.end <= self.size and archived.covers(touched)
        ]
        while part := covered[: self.writer.rows]:
            covered = covered[len(part) :]
            async with self.context.database.reading() as session:
                numbers = [seal.number for seal in part]
                stored = await ColdRepository(session, self.log).read_leaves(numbers)
            await self.empty_seals([*select_equal(part, stored, archived)])

    def touched_tiles(self, seal: AuditSeal) -> LeafRange:
        """Return the leaves of the tiles of a seal, without the old seals."""
        start, size = seal.start or 0, seal.size or 0
        first = max(start - start % WIDTH, self.head)
        return LeafRange(first, size + -size % WIDTH)

    async def empty_seals(self, numbers: list[int]) -> None:
        if not numbers:
            return
        async with self.writer.writing(len(numbers)) as session:
            await ColdRepository(session, self.log).empty_leaves(numbers)
        self.context.progress.report_step("emptied", self.log.name)


def select_equal(
    seals: Sequence[AuditSeal], stored: dict[int, bytes], archived: ArchivedLeaves
) -> Iterator[int]:
    """Yield the numbers of the seals that the files give to the byte."""
    for seal in seals:
        run = LeafRange(seal.start or 0, seal.size or 0)
        if join_pieces(archived.read(*run), run) == stored[seal.number]:
            yield seal.number
