"""From the live table into one file, with its index and its manifest."""

from collections import Counter
from hashlib import sha256
from typing import BinaryIO

from app.audit.archive.canonical import Row
from app.audit.archive.context import ArchiveContext
from app.audit.archive.files.blocks import BlockWriter
from app.audit.archive.files.index import keys_of, pack_index
from app.audit.archive.files.manifest import FORMAT, Manifest, Place, SealMark
from app.audit.archive.files.repository import FileRepository
from app.audit.archive.logs import Log, LogRange
from app.audit.archive.models import AuditArchive
from app.audit.archive.run.checks import check_sealed
from app.audit.archive.seals.merkle import leaf_hash, merkle_root
from app.audit.archive.seals.repository import SealRepository
from app.audit.archive.seals.seal import NOTHING_BEFORE

FILE_ROWS = 50_000


class Tally:
    """What becomes known of the rows as they are written."""

    def __init__(self) -> None:
        self.first: Row | None = None
        self.last: Row | None = None
        self.bytes = 0
        self.content = sha256()
        self.leaves: list[bytes] = []
        self.entities: Counter[str] = Counter()
        self.ends: list[int] = []
        self.places: set[tuple[int, int]] = set()

    def add(self, row: Row, line: bytes) -> None:
        self.leaves.append(leaf_hash(line))
        self.first = self.first or row
        self.last = row
        if "entity" in row:
            self.entities[row["entity"]] += 1
        self.content.update(line + b"\n")
        self.bytes += len(line) + 1


class FileWriter:
    def __init__(self, context: ArchiveContext, log: Log) -> None:
        self.context = context
        self.log = log

    async def write(self, file: AuditArchive, span: LogRange) -> Manifest | None:
        """Write the rows of this span, as many as fit; None when there are none."""
        name = file.name
        tally = Tally()
        with self.context.store.writing(f"{name}.jsonl.gz") as raw:
            await self.fill(raw, span, tally)
        self.context.progress.step("written", name)
        self.context.store.write(f"{name}.keys", pack_index(tally.ends, tally.places))
        self.context.progress.step("indexed", name)
        if tally.first is None or tally.last is None:
            return None
        return await self.describe(file, tally, (tally.first, tally.last))

    async def describe(
        self, file: AuditArchive, tally: Tally, ends: tuple[Row, Row]
    ) -> Manifest:
        name = file.name
        seal, previous = await self.before()
        return Manifest(
            format=FORMAT,
            log=self.log.name,
            day=file.day,
            number=file.number,
            count=len(tally.leaves),
            first=Place(ends[0]["at"], ends[0]["id"]),
            last=Place(ends[1]["at"], ends[1]["id"]),
            entities=dict(sorted(tally.entities.items())),
            content_bytes=tally.bytes,
            content_sha256=tally.content.hexdigest(),
            file_bytes=self.context.store.size(f"{name}.jsonl.gz"),
            file_sha256=self.context.store.file_hash(f"{name}.jsonl.gz"),
            keys_sha256=self.context.store.file_hash(f"{name}.keys"),
            root=merkle_root(tally.leaves),
            seal=seal,
            previous=previous,
        )

    async def before(self) -> tuple[SealMark, str]:
        """Return the newest seal, and the hash of this log's newest manifest."""
        async with self.context.database.reading() as session:
            seal = await SealRepository(session).newest()
            last = await FileRepository(session).last_manifest(self.log)
        mark = SealMark(seal.number, seal.hash) if seal else SealMark(0, NOTHING_BEFORE)
        return mark, (last and last.manifest) or NOTHING_BEFORE

    async def fill(self, raw: BinaryIO, span: LogRange, tally: Tally) -> None:
        packer = BlockWriter(raw)
        async for rows in self.context.pages(self.log, span, FILE_ROWS):
            lines = await check_sealed(self.context, self.log, rows)
            for row, line in zip(rows, lines, strict=True):
                tally.add(row, line)
                tally.places.update((key, packer.block) for key in keys_of(row))
                packer.add(line + b"\n")
            self.context.progress.rows(len(rows))
        packer.flush()
        tally.ends = packer.ends
