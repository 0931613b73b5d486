"""Writer of archive files, their indexes and manifests."""

from collections import Counter
from hashlib import sha256
from typing import Any, BinaryIO

from app.audit.archive.canonical import Row
from app.audit.archive.checkpoints.export import read_checkpoints
from app.audit.archive.cold.indexes import LeafIndexer
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.blocks import BlockWriter
from app.audit.archive.files.index import index_entries, pack_index
from app.audit.archive.files.leaf_runs import LeafRuns
from app.audit.archive.files.manifest import FORMAT, Manifest, RowRef, SealRef
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.identity import get_archive_id
from app.audit.archive.logs import MIN_KEY, Log, LogRange
from app.audit.archive.models import AuditArchive
from app.audit.archive.partitions.unarchived import UnarchivedRows
from app.audit.archive.run.checks import select_sealed
from app.audit.archive.run.leaf_hashes import LeafHashes
from app.audit.archive.seals.old_seal import GENESIS_HASH
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.store.store import MAX_LINES
from app.audit.archive.tree.merkle import merkle_root
from app.audit.stored_values import encodable

FILE_ROWS = MAX_LINES


class FileStats:
    """Values of the manifest and the index, collected while rows are written."""

    def __init__(self) -> None:
        self.first: Row | None = None
        self.last: Row | None = None
        self.bytes = 0
        self.content = sha256()
        self.leaves: list[bytes] = []
        self.entities: Counter[str] = Counter()
        self.block_ends: list[int] = []
        self.index_entries: set[int] = set()

    def add_row(self, row: Row, line: bytes, digest: bytes) -> None:
        self.leaves.append(digest)
        self.first = self.first or row
        self.last = row
        if "entity" in row:
            self.entities[str(encodable(row["entity"]))] += 1
        self.content.update(line + b"\n")
        self.bytes += len(line) + 1


class FileWriter:
    """Writer of one file; `scanned` is the last row that it has read."""

    def __init__(self, context: ArchiveContext, log: Log, leaves: LeafHashes) -> None:
        self.context = context
        self.log = log
        self.leaves = leaves
        self.scanned = MIN_KEY

    async def write_file(
        self, file: AuditArchive, log_range: LogRange
    ) -> Manifest | None:
        """Write the sealed ones of up to FILE_ROWS rows of the range, or return None.

        Rows that are not sealed stay live.
        """
        name = file.name
        stats = FileStats()
        with self.context.store.open_atomic(f"{name}.jsonl.gz") as raw:
            await self.write_rows(raw, log_range, stats)
        self.context.progress.report_step("written", name)
        self.context.store.write_file(
            f"{name}.keys", pack_index(stats.block_ends, stats.index_entries)
        )
        self.context.progress.report_step("indexed", name)
        if stats.first is None or stats.last is None:
            return None
        return await self.make_manifest(file, stats, (stats.first, stats.last))

    async def make_manifest(
        self, file: AuditArchive, stats: FileStats, ends: tuple[Row, Row]
    ) -> Manifest:
        name = file.name
        return Manifest(
            format=FORMAT,
            log=self.log.name,
            day=file.day,
            number=file.number,
            count=len(stats.leaves),
            first=RowRef(ends[0]["at"], ends[0]["id"]),
            last=RowRef(ends[1]["at"], ends[1]["id"]),
            entities=dict(sorted(stats.entities.items())),
            content_bytes=stats.bytes,
            content_sha256=stats.content.hexdigest(),
            file_bytes=self.context.store.get_size(f"{name}.jsonl.gz"),
            file_sha256=self.context.store.hash_file(f"{name}.jsonl.gz"),
            keys_sha256=self.context.store.hash_file(f"{name}.keys"),
            root=merkle_root(stats.leaves),
            leaves=await self.find_leaves(stats, ends),
            **await self.read_predecessors(),
        )

    async def find_leaves(
        self, stats: FileStats, ends: tuple[Row, Row]
    ) -> LeafRuns | None:
        async with self.context.database.reading() as session:
            indexer = LeafIndexer(session, self.log)
            return await indexer.make_runs(stats.leaves, ends[0]["at"], ends[1]["at"])

    async def read_predecessors(self) -> dict[str, Any]:
        """Return the fields that refer to the database and what came before."""
        async with self.context.database.writing() as session:
            archive = await get_archive_id(session)
            seal = await SealRepository(session).get_newest()
            last = await FileRepository(session).get_newest_with_manifest(self.log)
            notes = await read_checkpoints(session)
        newest = SealRef(seal.number, seal.hash) if seal else SealRef(0, GENESIS_HASH)
        return {
            "seal": newest,
            "previous": (last and last.manifest) or GENESIS_HASH,
            "archive": archive,
            "checkpoints": tuple(notes),
        }

    async def write_rows(
        self, raw: BinaryIO, log_range: LogRange, stats: FileStats
    ) -> None:
        blocks = BlockWriter(raw)
        unarchived = UnarchivedRows(self.context, self.log)
        async for rows in unarchived.read_batches(log_range, FILE_ROWS):
            self.scanned = rows[-1]["at"], rows[-1]["id"]
            sealed = await select_sealed(self.context, self.log, self.leaves, rows)
            for row, line, digest in sealed:
                stats.add_row(row, line, digest)
                stats.index_entries.update(index_entries(row, blocks.current_block))
                blocks.add_line(line + b"\n")
            self.context.progress.report_rows(len(rows))
        blocks.flush_block()
        stats.block_ends = blocks.block_ends
