"""Comparison of a file that is not recorded with the rows and seals of the database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from app.audit.archive.adopt.candidates import Candidate
from app.audit.archive.adopt.report import AdoptedFile
from app.audit.archive.canonical import MALFORMED, Row, decode_row, encode_row
from app.audit.archive.cold.ownership import TreeFiles
from app.audit.archive.context import ArchiveContext
from app.audit.archive.exceptions import VerificationException
from app.audit.archive.proven.seals import ProvenSeals
from app.audit.archive.repository import LogRepository
from app.audit.archive.run.checks import find_file_error, split_batches
from app.audit.archive.run.leaf_hashes import LeafHashes
from app.audit.archive.tree.merkle import leaf_hash


@dataclass(frozen=True)
class Batch:
    """Lines of a file with their rows, and what the database has of these rows."""

    rows: dict[bytes, Row]
    live: list[Row]
    sealed: dict[UUID, bytes]

    @property
    def late(self) -> list[Row]:
        """The rows that are neither live nor sealed: written after the backup."""
        live = {row["id"] for row in self.live}
        known = live | self.sealed.keys()
        return [row for row in self.rows.values() if row["id"] not in known]

    def find_error(self) -> str | None:
        for line, row in self.rows.items():
            if encode_row(row) != line:
                return f"row {row['id']} has columns that this database does not have"
            digest = leaf_hash(line)
            if self.sealed.get(row["id"], digest) != digest:
                return f"row {row['id']} was sealed with other content"
        differing = {encode_row(row) for row in self.live} - self.rows.keys()
        if differing:
            return f"row {decode_row(differing.pop())['id']} differs from the live row"
        return None


END = b""  # in place of a batch's digest


class Comparison:
    """Reader of one file, which must have the same rows when it is read again."""

    def __init__(self, context: ArchiveContext, candidate: Candidate) -> None:
        self.context = context
        self.candidate = candidate
        self.digests: list[bytes] = []  # of the batches that were compared
        self.is_compared = False

    def find_manifest_error(self, path: str, archive: UUID | None) -> str | None:
        """Return why the manifest, or the bytes of the files, are invalid, or None."""
        manifest, store = self.candidate.manifest, self.context.store
        if error := find_file_error(self.context, self.candidate.signed):
            return error
        if error := manifest.find_archive_error(archive):
            return error
        if store.hash_file(manifest.index_path) != manifest.keys_sha256:
            return "the index does not match its SHA-256"
        return None if manifest.path == path else "it is the manifest of another file"

    async def compare_rows(self) -> AdoptedFile:
        """Compare each row with the live row and the leaf of the same id.

        Raises:
            VerificationException: a row differs.
        """
        manifest = self.candidate.manifest
        result = AdoptedFile(manifest.name, manifest.count, live=0, late=0)
        async for batch in self.read_batches():
            if error := batch.find_error():
                raise VerificationException(error)
            result.live += len(batch.live)
            result.late += len(batch.late)
            self.context.progress.report_rows(len(batch.rows))
        self.is_compared = True
        return result

    async def read_batches(self) -> AsyncIterator[Batch]:
        context, log = self.context, self.candidate.log
        lines = context.store.read_lines(self.candidate.manifest.data_path)
        leaves = LeafHashes(ProvenSeals(context, log))
        is_own = await self.is_of_tree()
        number = 0
        for number, part in enumerate(split_batches(lines, context.batch_size), 1):
            self.check_again(number, sha256(b"\n".join(part)).digest())
            rows = {line: self.parse_line(line) for line in part}
            listed = list(rows.values())
            sealed = await leaves.find(listed)
            if is_own:  # leaves may be emptied
                own = {row["id"]: leaf_hash(line) for line, row in rows.items()}
                sealed = own | sealed
            async with context.database.reading() as session:
                ids = [row["id"] for row in listed]
                live = await LogRepository(session, log).read_by_ids(ids)
            yield Batch(rows, live, sealed)
        self.check_again(number + 1, END)

    def check_again(self, number: int, digest: bytes) -> None:
        """Remember a batch; or if all were compared, raise unless it is as it was."""
        if not self.is_compared:
            self.digests.append(digest)
        elif self.digests[number - 1 : number] != [digest]:
            path = self.candidate.manifest.data_path
            raise VerificationException(f"{path} was replaced after it was compared.")

    async def is_of_tree(self) -> bool:
        """Return whether the tree of this database has the rows of the file."""
        async with self.context.database.reading() as session:
            own = TreeFiles(session, self.candidate.log)
            return await own.includes(self.candidate.manifest)

    def parse_line(self, line: bytes) -> Row:
        try:
            return self.candidate.log.parse_row(decode_row(line))
        except MALFORMED as error:
            raise VerificationException(f"a line is no row: {error}") from None
